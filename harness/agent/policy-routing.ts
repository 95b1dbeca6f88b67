import type { PolicyRouting } from "../model/ruleset.ts";
import { runChecked, runCommand } from "./command.ts";
import { CallError } from "./fault.ts";

const LOCAL_WITHIN_MS = 2_000;

/**
 * Puts policy routing in; what it adds is in effect then. A rule or route that begins with `-6 ` is IPv6; addresses say their family
 * themselves. Throws `rules-refused` with what `ip` said.
 */
export async function addPolicyRouting(namespace: number | null, routing: PolicyRouting): Promise<void> {
  for (const [option, lines] of batchesOf(routing, "add")) {
    const { status, stderr } = await runCommand({ namespace, command: ["ip", ...option, "-batch", "-"], stdin: lines });
    if (status !== 0) throw new CallError("rules-refused", `ip refused policy routing: ${stderr.trim()}`);
  }
  for (const text of routing.addresses) await waitUntilLocal(namespace, text.split("/")[0] ?? text);
}

/**
 * Waits until packets to a new address come to the namespace itself. Over IPv6 the kernel enters that route later, from a work queue
 * (`addrconf_dad_start` in net/ipv6/addrconf.c): right after `ip addr add` every second time it is not there.
 */
async function waitUntilLocal(namespace: number | null, address: string): Promise<void> {
  const deadline = performance.now() + LOCAL_WITHIN_MS;
  while (address.includes(":")) {
    const { stdout } = await runCommand({ namespace, command: ["ip", "-6", "route", "get", address] });
    if (stdout.startsWith("local ")) return;
    if (performance.now() > deadline)
      throw new CallError(
        "environment",
        `${address} is not local ${LOCAL_WITHIN_MS} ms after it was added: ${stdout.trim()}`,
      );
  }
}

/** Takes out what {@link addPolicyRouting} put in; what is already gone is passed over. */
export async function removePolicyRouting(namespace: number | null, routing: PolicyRouting): Promise<void> {
  for (const [option, lines] of batchesOf(routing, "del")) {
    await runCommand({ namespace, command: ["ip", ...option, "-force", "-batch", "-"], stdin: lines });
  }
}

/** Gives lines to `ip -batch`, which stops at the first that fails; throws `environment` with what it said, or where there is no `ip`. */
export async function configureNetwork(namespace: number | null, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await runChecked({ namespace, command: ["ip", "-batch", "-"], stdin: `${lines.join("\n")}\n` });
}

/** Family is an option of the whole `ip` process, so there is a batch for each; empty ones are left out. */
function batchesOf(routing: PolicyRouting, verb: "add" | "del"): readonly (readonly [readonly string[], string])[] {
  const lines = [
    ...routing.addresses.map((text) => ["addr", verb === "add" ? countAtOnce(text) : text] as const),
    ...routing.rules.map((text) => ["rule", text] as const),
    ...routing.routes.map((text) => ["route", text] as const),
  ];
  const ip6 = lines.filter(([, text]) => text.startsWith("-6 "));
  const ip = lines.filter(([, text]) => !text.startsWith("-6 "));
  const renderLines = (some: typeof lines) =>
    some.map(([object, text]) => `${object} ${verb} ${text.replace(/^-6 /, "")}\n`).join("");
  const batches = [[[], renderLines(ip)] as const, [["-6"], renderLines(ip6)] as const];
  return batches.filter(([, text]) => text !== "");
}

/** An IPv6 address counts only after the kernel has looked for a double of it, unless it is told not to look. */
function countAtOnce(text: string): string {
  return text.includes(":") ? `${text} nodad` : text;
}
