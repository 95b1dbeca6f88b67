import { runChecked, runNamespaceCommand } from "./command.ts";
import { CallError } from "./fault.ts";
import type { RoutingText } from "./protocol.ts";

const LOCAL_WITHIN_MS = 2_000;

/** Puts policy routing in; what it adds is in effect then. Throws `rules-refused` with what `ip` said. */
export async function addPolicyRouting(namespace: number | null, { add, addresses }: RoutingText): Promise<void> {
  for (const { family, text } of add) {
    const command = ["ip", `-${family}`, "-batch", "-"];
    const { status, stderr } = await runNamespaceCommand({ namespace, command, stdin: text });
    if (status !== 0) throw new CallError("rules-refused", `ip refused policy routing: ${stderr.trim()}`);
  }
  for (const address of addresses) await waitUntilLocal(namespace, address);
}

/**
 * Waits until packets to a new address come to the namespace itself. Over IPv6 the kernel enters that route later, from a work queue
 * (`addrconf_dad_start` in net/ipv6/addrconf.c): right after `ip addr add` every second time it is not there.
 */
async function waitUntilLocal(namespace: number | null, address: string): Promise<void> {
  const deadline = performance.now() + LOCAL_WITHIN_MS;
  while (address.includes(":")) {
    const { stdout } = await runNamespaceCommand({ namespace, command: ["ip", "-6", "route", "get", address] });
    if (stdout.startsWith("local ")) return;
    if (performance.now() > deadline)
      throw new CallError(
        "environment",
        `${address} is not local ${LOCAL_WITHIN_MS} ms after it was added: ${stdout.trim()}`,
      );
  }
}

/** Takes out what {@link addPolicyRouting} put in; what is already gone is passed over. */
export async function removePolicyRouting(namespace: number | null, { remove }: RoutingText): Promise<void> {
  for (const { family, text } of remove) {
    await runNamespaceCommand({ namespace, command: ["ip", `-${family}`, "-force", "-batch", "-"], stdin: text });
  }
}

/** Gives lines to `ip -batch`, which stops at the first that fails; throws `environment` with what it said, or where there is no `ip`. */
export async function configureNetwork(namespace: number | null, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await runChecked({ namespace, command: ["ip", "-batch", "-"], stdin: `${lines.join("\n")}\n` });
}
