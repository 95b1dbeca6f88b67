import {
  isList,
  type Json,
  type JsonObject,
  listOf,
  type NamedSet,
  type NftContext,
  type TimedSets,
  textOf,
  unwrap,
} from "./ast.ts";
import { hasOverlap } from "./intervals.ts";
import type { OpenTable } from "./open-nft-tables.ts";

/** Sets that rules add to or take from, by table and name: what they hold is not known. A statement that is kept as text may do so. */
export function findChangingSets(tables: readonly OpenTable[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const table of tables.filter(({ objects }) => objects.size > 0))
    for (const statements of listStatements(table))
      for (const statement of statements) for (const set of setsChangedBy(statement)) names.add(nameSet(table, set));
  return names;
}

/** Gives each list of a rule's statements once: rules that were read as alike share theirs. */
function listStatements({ chains }: OpenTable): ReadonlySet<readonly Json[]> {
  const lists = new Set<readonly Json[]>();
  for (const { rules } of chains.values()) for (const { expr } of rules) if (isList(expr)) lists.add(expr);
  return lists;
}

const NO_SETS: readonly string[] = [];

function setsChangedBy(statement: Json): readonly string[] {
  const [kind, body] = unwrap(statement) ?? [];
  if (kind === "verbatim") return [...String(body).matchAll(/@([\w./-]+)/g)].map(([, one = ""]) => one);
  const name = kind === "set" || kind === "map" ? textOf(body, kind) : null;
  return name === null ? NO_SETS : [name.replace(/^@/, "")];
}

function nameSet({ family, name }: OpenTable, set: string): string {
  return `${family} ${name} ${set}`;
}

/**
 * Gives a table's sets and maps by name. Of one that packets, rules or time change it is not known what it holds; of the last, unless what
 * is listed counts. Intervals that overlap are told.
 */
export function closeSets(
  table: OpenTable,
  changing: ReadonlySet<string>,
  { tell, timedSets }: Pick<NftContext, "tell"> & { readonly timedSets: TimedSets },
): ReadonlyMap<string, NamedSet> {
  const sets = new Map<string, NamedSet>();
  for (const [key, body] of table.objects) {
    if (!key.startsWith("set ")) continue;
    const isUnknown = isTimed(body) && timedSets === "unknown";
    const isChanging = isUnknown || isDynamic(body) || changing.has(nameSet(table, key.slice("set ".length)));
    const elements = listOf(body, "elem");
    sets.set(key.slice("set ".length), { elements, contents: isChanging ? "changing" : "fixed" });
    if (body["auto-merge"] !== true && hasOverlap(elements))
      tell(body, `Intervals of the set ${body.name} overlap; nft refuses this without auto-merge.`);
  }
  return sets;
}

/** Packets may add to it, whatever the rules that are shown do. */
function isDynamic(set: JsonObject): boolean {
  return listOf(set, "flags").includes("dynamic");
}

/** Its elements expire, some of them or all (nft(8), SETS). */
function isTimed(set: JsonObject): boolean {
  return listOf(set, "flags").includes("timeout") || set.timeout !== undefined;
}

/** Says of each set that is read as it is listed that it will not stay so. */
export function listTimed(tables: readonly OpenTable[], changing: ReadonlySet<string>): readonly string[] {
  return tables.flatMap((table) =>
    [...table.objects].flatMap(([key, body]) => {
      const name = key.slice("set ".length);
      const isListed = key.startsWith("set ") && isTimed(body) && !isDynamic(body);
      return isListed && !changing.has(nameSet(table, name))
        ? [`the elements of the set ${name} expire, and count as they are listed`]
        : [];
    }),
  );
}
