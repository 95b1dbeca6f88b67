import { readFileSync } from "node:fs";
import type { ListingNames } from "../../formats/listing-names.ts";
import { canonicalAddress } from "../../model/address.ts";
import type { NameLookups } from "../../model/name-lookups.ts";

/** Files that name things, each read when the first name is looked up, and once; a file that is absent knows no name. */
const PATHS = {
  user: ["/etc/passwd"],
  group: ["/etc/group"],
  service: ["/etc/services"],
  // Newer iproute2 keeps its own list under /usr.
  host: ["/etc/hosts"],
  network: ["/etc/networks"],
  routeTable: ["/etc/iproute2/rt_tables", "/usr/share/iproute2/rt_tables", "/usr/lib/iproute2/rt_tables"],
} as const;

/** passwd and group have none: a name may hold the sign. */
const HAVE_COMMENTS: readonly string[] = [...PATHS.service, ...PATHS.host, ...PATHS.network, ...PATHS.routeTable];

/** Gives lookups of this machine's names: users, groups, TCP services, routing tables. Files only: no directory service is asked. */
export function readNames(): NameLookups {
  return {
    // `id -u` takes the number of a user who is there where no name is it, and so ENVOY_USER may hold one.
    user: makeLookup(() => {
      const users = readColumns(PATHS.user, ":", ([name, , id]) => [[name, id]]);
      return new Map([...[...users.values()].map((id) => [`${id}`, id] as const), ...users]);
    }),
    group: makeLookup(() => readColumns(PATHS.group, ":", ([name, , id]) => [[name, id]])),
    service: makeLookup(() =>
      readColumns(PATHS.service, /\s+/, ([name, port, ...aliases]) => {
        const number = /^(\d+)\/tcp$/.exec(port ?? "")?.[1];
        return [name, ...aliases].map((alias) => [alias, number] as const);
      }),
    ),
    routeTable: makeLookup(() => readColumns(PATHS.routeTable, /\s+/, ([id, name]) => [[name, id]])),
  };
}

/**
 * Gives the names that `iptables -L` prints on this machine: of hosts and networks, TCP services, users and groups; of each the first
 * that its file has. Files only: iptables would ask DNS for an address that is in none. Source: libxtables/xtables.c of iptables 1.8.9.
 */
export function readListingNames(): ListingNames {
  const hosts = makeReverse(PATHS.host, /\s+/, ([address = "", name]) => [canonicalAddress(address), name]);
  const networks = makeReverse(PATHS.network, /\s+/, ([name, address = ""]) => [padNetwork(address), name]);
  return {
    host: (address) => hosts(address) ?? networks(address),
    service: byNumber(makeReverse(PATHS.service, /\s+/, ([name, port]) => [port?.match(/^(\d+)\/tcp$/)?.[1], name])),
    user: byNumber(makeReverse(PATHS.user, ":", ([name, , id]) => [id, name])),
    group: byNumber(makeReverse(PATHS.group, ":", ([name, , id]) => [id, name])),
  };
}

function byNumber(lookup: (key: string) => string | null): (key: number) => string | null {
  return (key) => lookup(`${key}`);
}

/** networks(5) lets zeros at the end be left out: `127` is 127.0.0.0. */
function padNetwork(address: string): string {
  return [...address.split("."), "0", "0", "0"].slice(0, 4).join(".");
}

function makeReverse(
  paths: readonly string[],
  separator: string | RegExp,
  pick: (columns: readonly string[]) => readonly [key: string | null | undefined, name: string | undefined],
): (key: string) => string | null {
  let known: ReadonlyMap<string, string> | null = null;
  return (key) => {
    known ??= firstOfEach(paths.flatMap(readLines).map((line) => pick(line.split(separator))));
    return known.get(key) ?? null;
  };
}

function firstOfEach(
  pairs: readonly (readonly [string | null | undefined, string | undefined])[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [key, name] of pairs) if (key && name && !found.has(key)) found.set(key, name);
  return found;
}

type Pair = readonly [string | undefined, string | undefined];

function makeLookup(read: () => ReadonlyMap<string, number>): (name: string) => number | null {
  let known: ReadonlyMap<string, number> | null = null;
  return (name) => {
    known ??= read();
    return known.get(name) ?? null;
  };
}

function readColumns(
  paths: readonly string[],
  separator: string | RegExp,
  pick: (columns: readonly string[]) => readonly Pair[],
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const line of paths.flatMap(readLines)) {
    for (const [name, id] of pick(line.split(separator))) {
      if (name && id !== undefined && /^\d+$/.test(id) && !found.has(name)) found.set(name, Number(id));
    }
  }
  return found;
}

function readLines(path: string): readonly string[] {
  try {
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.map((line) => (HAVE_COMMENTS.includes(path) ? line.replace(/#.*/, "") : line).trim());
  } catch {
    return [];
  }
}
