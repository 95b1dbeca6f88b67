import { diffArrays } from "diff";
import { quoteRule } from "../../formats/rule-text.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import { handlePlace, type RulePlace, tablePlace } from "../../model/rule-place.ts";
import { familyKey, type PodRules, type Ruleset, type Table, tableKey } from "../../model/ruleset.ts";

/** One edit of rules: a rule that was removed, one that was added, or both where one stands in the other's place. */
export interface RuleEdit {
  readonly before: RulePlace | null;
  readonly after: RulePlace | null;
}

/** More edits of one chain are not looked for: then all of its rules are removed and added. */
const EDITS_AT_MOST = 2000;

/** Gives the edits that lead from one rule set to another, table by table, chain by chain. */
export function listRuleEdits(before: PodRules, after: PodRules): readonly RuleEdit[] {
  return FAMILIES.flatMap((family) => {
    const sides = [before[familyKey(family)], after[familyKey(family)]] as const;
    const tables = uniqueBy(sides.flatMap((ruleset) => ruleset?.tables ?? []).map(tableKey));
    return tables.flatMap((key) => {
      const find = (ruleset: Ruleset | null) => ruleset?.tables.find((table) => tableKey(table) === key);
      return compareTables(family, find(sides[0]), find(sides[1]));
    });
  });
}

function uniqueBy(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)];
}

function compareTables(family: Family, before: Table | undefined, after: Table | undefined): readonly RuleEdit[] {
  const names = uniqueBy([before, after].flatMap((table) => table?.chains ?? []).map(({ name }) => name));
  return names.flatMap((name) => [
    ...comparePolicies(findPolicy(family, before, name), findPolicy(family, after, name)),
    ...compareChains(listPlaces(family, before, name), listPlaces(family, after, name)),
  ]);
}

/** A policy stands behind all rules of its chain, and has no number: 0. */
function findPolicy(family: Family, table: Table | undefined, chain: string): RulePlace | null {
  const policy = table?.chains.find(({ name }) => name === chain)?.base?.policy;
  if (table === undefined || policy === undefined) return null;
  return { family, ...tablePlace(table), chain, index: 0, rule: `-P ${chain} ${policy}` };
}

/** A chain that only one side has does nothing without rules while its policy is ACCEPT. */
function comparePolicies(before: RulePlace | null, after: RulePlace | null): readonly RuleEdit[] {
  const isDrop = (place: RulePlace | null) => place?.rule.endsWith(" DROP") === true;
  return isDrop(before) === isDrop(after) ? [] : [{ before, after }];
}

function listPlaces(family: Family, table: Table | undefined, chain: string): readonly RulePlace[] {
  if (table === undefined) return [];
  const { file } = table;
  const rules = table.chains.find(({ name }) => name === chain)?.rules ?? [];
  return rules.map((rule, i): RulePlace => {
    const origin = file !== undefined && rule.line !== undefined ? { file, line: rule.line } : {};
    const text = quoteRule(chain, rule, family);
    return { family, ...tablePlace(table), chain, index: i + 1, ...handlePlace(rule), rule: text, ...origin };
  });
}

function compareChains(before: readonly RulePlace[], after: readonly RulePlace[]): readonly RuleEdit[] {
  const options = { maxEditLength: EDITS_AT_MOST, comparator: (a: RulePlace, b: RulePlace) => a.rule === b.rule };
  const parts = diffArrays([...before], [...after], options);
  if (parts === undefined) return pair(before, after);
  const edits: RuleEdit[] = [];
  for (let i = 0; i < parts.length; i++) {
    const [part, next] = [parts[i], parts[i + 1]];
    if (part?.removed === true && next?.added === true) {
      edits.push(...pair(part.value, next.value));
      i++;
    } else if (part?.removed === true) edits.push(...pair(part.value, []));
    else if (part?.added === true) edits.push(...pair([], part.value));
  }
  return edits;
}

/** Of rules that give way to others each takes the place of one. */
function pair(removed: readonly RulePlace[], added: readonly RulePlace[]): readonly RuleEdit[] {
  return Array.from({ length: Math.max(removed.length, added.length) }, (_, i) => ({
    before: removed[i] ?? null,
    after: added[i] ?? null,
  }));
}
