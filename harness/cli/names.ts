import { readFileSync } from "node:fs";
import type { NameLookups } from "../model/name-lookups.ts";

/** Files that name things, each read when the first name is looked up, and once; a file that is absent knows no name. */
const PATHS = {
  user: ["/etc/passwd"],
  group: ["/etc/group"],
  service: ["/etc/services"],
  // Newer iproute2 keeps its own list under /usr.
  routeTable: ["/etc/iproute2/rt_tables", "/usr/share/iproute2/rt_tables", "/usr/lib/iproute2/rt_tables"],
} as const;

/** passwd and group have none: a name may hold the sign. */
const HAVE_COMMENTS: readonly string[] = [...PATHS.service, ...PATHS.routeTable];

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
