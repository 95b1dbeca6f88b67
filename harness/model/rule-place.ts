import type { Family } from "./address.ts";
import { chainsByName, familyKey, type PodRules, type Rule, type TableFamily, type TableIdentity } from "./ruleset.ts";

/**
 * A rule's place, as reports name it; `index` counts from 1 within its chain, `rule` is its text: as the file has it, else as `iptables -S`
 * prints it.
 *
 * @example
 * { family: 4, table: "nat", chain: "ISTIO_OUTPUT", index: 3, rule: "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN",
 *   file: "rules.txt", line: 12 }
 */
export interface RulePlace {
  readonly family: Family;
  readonly table: string;
  /** Of a table of nft what it holds rules for, and that it is nft's: one of iptables may have the same name. Absent of iptables' own. */
  readonly tableFamily?: TableFamily;
  readonly source?: "nft";
  readonly chain: string;
  readonly index: number;
  /** Of a rule of nft the number by which nft names it, where the rules' text told it. */
  readonly handle?: number;
  readonly rule: string;
  /** The file that it stands in, as the user names it, and its line there, counted from 1; absent where it came from no file. */
  readonly file?: string;
  readonly line?: number;
}

/** What a place says of its table. */
export type TablePlace = Pick<RulePlace, "table" | "tableFamily" | "source">;

/** Gives what places say of a table: `{ table: "nat" }`, or `{ table: "pod", tableFamily: "inet", source: "nft" }`. */
export function tablePlace({ source, family, name }: TableIdentity): TablePlace {
  return source === "nft" ? { table: name, tableFamily: family, source } : { table: name };
}

/** Says whether a place is in a table. */
export function isInTable(place: TablePlace, { source, family, name }: TableIdentity): boolean {
  if (place.table !== name) return false;
  return place.source === "nft" ? source === "nft" && place.tableFamily === family : source !== "nft";
}

/** Gives what places say of a rule besides its text. */
export function handlePlace({ handle }: Pick<Rule, "handle">): Pick<RulePlace, "handle"> {
  return handle === undefined ? {} : { handle };
}

/**
 * Gives a rule's place with the file and line that it was read from, where it was. A handle that the file tells goes before that of the
 * sandbox: it names the rule where the file came from.
 */
export function placeInFile<Place extends RulePlace>(place: Place, rules: PodRules): Place {
  const found = lookUp(place, rules);
  if (found === undefined) return place;
  const { file, rule } = found;
  const own = { ...place, ...handlePlace(rule) };
  return file === undefined || rule.line === undefined ? own : { ...own, file, line: rule.line };
}

/**
 * Gives the rule that stands at a place; undefined where none does.
 *
 * @example
 * findRuleAt({ family: 4, table: "nat", chain: "OUTPUT", index: 1 }, rules)   // that of -A OUTPUT -p tcp -j ISTIO_OUTPUT
 */
export function findRuleAt(place: Omit<RulePlace, "rule">, rules: Pick<PodRules, "ip" | "ip6">): Rule | undefined {
  return lookUp(place, rules)?.rule;
}

function lookUp(place: Omit<RulePlace, "rule">, rules: Pick<PodRules, "ip" | "ip6">) {
  const { family, chain, index } = place;
  for (const table of rules[familyKey(family)]?.tables ?? []) {
    const rule = isInTable(place, table) ? chainsByName(table).get(chain)?.rules[index - 1] : undefined;
    if (rule !== undefined) return { rule, file: table.file };
  }
  return undefined;
}

/** Gives where a rule was written, `rules.txt:12`; null where it came from no file. */
export function renderOrigin({ file, line }: Pick<RulePlace, "file" | "line">): string | null {
  return file === undefined ? null : `${file}:${line}`;
}

/** Gives a text that two places share only where they are one: `4 nat OUTPUT 1`. The rule's own text is not in it. */
export function renderPlaceKey({ index, ...place }: Omit<RulePlace, "rule">): string {
  return `${renderChainKey(place)} ${index}`;
}

/** Gives a text that two places share only where they are in one chain: `4 nat OUTPUT`, `4 inet:pod output`. */
export function renderChainKey(place: TablePlace & Pick<RulePlace, "family" | "chain">): string {
  const { family, table, tableFamily, source, chain } = place;
  return `${family} ${source === "nft" ? `${tableFamily}:` : ""}${table} ${chain}`;
}
