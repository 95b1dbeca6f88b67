import { runChecked, runNamespaceCommand } from "./command.ts";

/** Policy routing and addresses of a namespace, as `ip` prints them, so that what a script adds can be told and taken out again. */
export interface NamespaceNetwork {
  /** By family: `32765: from all fwmark 0x539 lookup 133`. */
  readonly rules: Readonly<Record<Family, readonly string[]>>;
  /** By family, the kernel's own left out: `local default dev lo table 133 scope host`. */
  readonly routes: Readonly<Record<Family, readonly string[]>>;
  /** `::6/128 dev lo`. */
  readonly addresses: readonly string[];
  /** Those that somebody has entered for good: `10.244.0.4 dev eth0 lladdr 02:42:0a:f4:00:04 PERMANENT`. */
  readonly neighbours: readonly string[];
}

type Family = "-4" | "-6";
const FAMILIES: readonly Family[] = ["-4", "-6"];
/** A route that comes and goes with an address. */
const KERNEL_ROUTE = /\bproto kernel\b/;

/** Reads a namespace's policy routing and addresses. */
export async function readNamespaceNetwork(namespace: number | null): Promise<NamespaceNetwork> {
  const read = async (...words: readonly string[]): Promise<readonly string[]> => {
    const text = await runChecked({ namespace, command: ["ip", ...words] });
    return text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  };
  const readRoutes = async (family: Family) =>
    (await read(family, "route", "show", "table", "all")).filter((line) => !KERNEL_ROUTE.test(line));
  const [ip, ip6, routes, routes6, addresses, neighbours] = await Promise.all([
    read("-4", "rule"),
    read("-6", "rule"),
    readRoutes("-4"),
    readRoutes("-6"),
    read("-o", "address"),
    read("neighbour", "show", "nud", "permanent"),
  ]);
  return {
    rules: { "-4": ip, "-6": ip6 },
    routes: { "-4": routes, "-6": routes6 },
    addresses: addresses.flatMap(parseAddressLine),
    neighbours,
  };
}

/** Takes out every rule, route, address and neighbour that was not there before, and puts in again what is gone. */
export async function restoreNetworkState(namespace: number | null, before: NamespaceNetwork): Promise<void> {
  const now = await readNamespaceNetwork(namespace);
  for (const family of FAMILIES) {
    const rules = now.rules[family].filter((rule) => !before.rules[family].includes(rule));
    const routes = now.routes[family].filter((route) => !before.routes[family].includes(route));
    const lines = [...rules.flatMap(renderRemoval), ...routes.map((route) => `route del ${route}`)];
    await applyLines(namespace, [family], lines);
  }
  const addresses = now.addresses.filter((address) => !before.addresses.includes(address));
  await applyLines(
    namespace,
    [],
    addresses.map((address) => `address del ${address}`),
  );
  await restoreMissing(namespace, before);
}

/** Addresses first: a route may need one. The rest does not fail for a line that cannot be put in again; canary flows find it missing. */
async function restoreMissing(namespace: number | null, before: NamespaceNetwork): Promise<void> {
  const now = await readNamespaceNetwork(namespace);
  const missing = (wanted: readonly string[], there: readonly string[]) =>
    wanted.filter((line) => !there.includes(line));
  await applyLines(
    namespace,
    [],
    [
      ...missing(before.addresses, now.addresses).map(
        (line) => `address add ${line}${line.includes(":") ? " nodad" : ""}`,
      ),
      ...missing(now.neighbours, before.neighbours).map((line) => `neighbour del ${line.replace(/ lladdr .*/, "")}`),
      ...missing(before.neighbours, now.neighbours).map(
        (line) => `neighbour replace ${line.replace(/ PERMANENT$/, " nud permanent")}`,
      ),
    ],
  );
  for (const family of FAMILIES) {
    const rules = missing(before.rules[family], now.rules[family]).flatMap(renderRule);
    // What `ip` prints after `error` it does not read.
    const routes = missing(before.routes[family], now.routes[family]).map((line) => line.replace(/ error -?\d+/, ""));
    await applyLines(
      namespace,
      [family],
      [...rules.map((line) => `rule add ${line}`), ...routes.map((line) => `route add ${line}`)],
    );
  }
}

/** `1: lo    inet6 ::6/128 scope global \ …` is `::6/128 dev lo`. */
function parseAddressLine(line: string): readonly string[] {
  const [, device, address] = /^\d+: (\S+)\s+inet6? (\S+)/.exec(line) ?? [];
  return device && address ? [`${address} dev ${device}`] : [];
}

function renderRemoval(rule: string): readonly string[] {
  const [, priority] = /^(\d+):/.exec(rule) ?? [];
  return priority === undefined ? [] : [`rule del priority ${priority}`];
}

/** `32766: from all lookup main` is `priority 32766 from all lookup main`. */
function renderRule(line: string): readonly string[] {
  const [, priority, rest] = /^(\d+):\s*(.*)$/.exec(line) ?? [];
  return priority === undefined ? [] : [`priority ${priority} ${rest}`];
}

/** A line that cannot be carried out, since what it removes is gone already for example, is passed over. */
async function applyLines(
  namespace: number | null,
  family: readonly string[],
  lines: readonly string[],
): Promise<void> {
  if (lines.length === 0) return;
  const command = ["ip", ...family, "-force", "-batch", "-"];
  await runNamespaceCommand({ namespace, command, stdin: `${lines.join("\n")}\n` });
}
