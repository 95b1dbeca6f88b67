import { runChecked, runCommand } from "./command.ts";

/** Policy routing and addresses of a namespace, as `ip` prints them, so that what a script adds can be told and taken out again. */
export interface NetworkState {
  /** By family: `32765: from all fwmark 0x539 lookup 133`. */
  readonly rules: Readonly<Record<Family, readonly string[]>>;
  /** `::6/128 dev lo`. */
  readonly addresses: readonly string[];
}

type Family = "-4" | "-6";
const FAMILIES: readonly Family[] = ["-4", "-6"];
/** Tables the kernel has by itself; routes in them are the sandbox's own. */
const OWN_TABLES = ["local", "main", "default"];

/** Reads a namespace's policy routing and addresses. */
export async function readNetworkState(namespace: number | null): Promise<NetworkState> {
  const read = async (...words: readonly string[]): Promise<readonly string[]> => {
    const text = await runChecked({ namespace, command: ["ip", ...words] });
    return text.split("\n").filter((line) => line !== "");
  };
  const [ip, ip6, addresses] = await Promise.all([read("-4", "rule"), read("-6", "rule"), read("-o", "address")]);
  return { rules: { "-4": ip, "-6": ip6 }, addresses: addresses.flatMap(parseAddressLine) };
}

/** Takes out every rule that was not there before, the routes of the tables it looks up, and every address that was not there before. */
export async function restoreNetworkState(namespace: number | null, before: NetworkState): Promise<void> {
  const now = await readNetworkState(namespace);
  for (const family of FAMILIES) {
    const lines = now.rules[family].filter((rule) => !before.rules[family].includes(rule)).flatMap(renderRemoval);
    await removeLines(namespace, [family], lines);
  }
  const addresses = now.addresses.filter((address) => !before.addresses.includes(address));
  await removeLines(
    namespace,
    [],
    addresses.map((address) => `address del ${address}`),
  );
}

/** `1: lo    inet6 ::6/128 scope global \ …` is `::6/128 dev lo`. */
function parseAddressLine(line: string): readonly string[] {
  const [, device, address] = /^\d+: (\S+)\s+inet6? (\S+)/.exec(line) ?? [];
  return device && address ? [`${address} dev ${device}`] : [];
}

function renderRemoval(rule: string): readonly string[] {
  const [, priority, table] = /^(\d+):.*\blookup (\S+)/.exec(rule) ?? [];
  if (priority === undefined || table === undefined) return [];
  const flush = OWN_TABLES.includes(table) ? [] : [`route flush table ${table}`];
  return [`rule del priority ${priority}`, ...flush];
}

/** What is gone meanwhile is passed over. */
async function removeLines(
  namespace: number | null,
  family: readonly string[],
  lines: readonly string[],
): Promise<void> {
  if (lines.length === 0) return;
  const command = ["ip", ...family, "-force", "-batch", "-"];
  await runCommand({ namespace, command, stdin: `${lines.join("\n")}\n` });
}
