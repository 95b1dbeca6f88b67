import type { CompareMatch } from "./compare.ts";
import type { Match } from "./match.ts";
import { listActiveTables, listRules, type Rule, type Ruleset, type Table } from "./ruleset.ts";
import type { MapTarget, Target } from "./target.ts";

/** Gives every match of a rule: those in front, those between its statements, and what its maps compare. */
export function listMatches({ matches, target }: Pick<Rule, "matches" | "target">): readonly Match[] {
  // Large rule sets have nothing else, and are asked about again and again.
  if (target === null || (target.kind !== "statements" && target.kind !== "map")) return matches;
  return [...matches, ...matchesIn(target)];
}

function matchesIn(target: Target): readonly Match[] {
  if (target.kind === "map")
    return [mapMatch(target), ...target.branches.flatMap((branch) => matchesIn(branch.target))];
  if (target.kind !== "statements") return [];
  return target.statements.flatMap((part) => ("match" in part ? part.match : matchesIn(part.target)));
}

/** One analysis asks for the matches of the same rule sets again and again. */
const DISTINCT = new WeakMap<readonly (Ruleset | null)[], readonly Match[]>();

/** Gives every match of the rules of some rule sets; one that rules have in common comes once. */
export function listDistinctMatches(rulesets: readonly (Ruleset | null)[]): readonly Match[] {
  const known = DISTINCT.get(rulesets);
  if (known !== undefined) return known;
  const found = new Set<Match>();
  for (const ruleset of rulesets)
    for (const rule of listRules(ruleset)) for (const match of listMatches(rule)) found.add(match);
  const made = [...found];
  DISTINCT.set(rulesets, made);
  return made;
}

/** Gives the comparison of a map's keys with all of its elements. */
export function mapMatch({ keys, branches, map }: MapTarget): CompareMatch {
  const elements = branches.flatMap(({ element }) => (element === null ? [] : [element]));
  return { kind: "compare", keys, operator: "==", elements, set: map };
}

/** Gives every target that a rule can come to, those inside statements and maps; none for a rule that only counts. */
export function listTargets({ target }: Pick<Rule, "target">): readonly Target[] {
  return target === null ? [] : targetsIn(target);
}

function targetsIn(target: Target): readonly Target[] {
  if (target.kind === "map") return target.branches.flatMap((branch) => targetsIn(branch.target));
  if (target.kind !== "statements") return [target];
  return target.statements.flatMap((part) => ("target" in part ? targetsIn(part.target) : []));
}

/** Rules of large sets share a handful of targets, and one analysis asks dozens of times which there are. */
const TARGETS = new WeakMap<Table, readonly Target[]>();

/** Gives every target that the rules of a table can come to; one that rules share comes once. */
export function listTableTargets(table: Table): readonly Target[] {
  const known = TARGETS.get(table);
  if (known !== undefined) return known;
  const own = new Set<Target>();
  for (const { rules } of table.chains) for (const { target } of rules) if (target !== null) own.add(target);
  const made = [...own].flatMap(targetsIn);
  TARGETS.set(table, made);
  return made;
}

/** Gives every target that the rules of a rule set can come to, as {@link listTableTargets} does; none for dormant tables. */
export function listRulesetTargets(ruleset: Ruleset | null): readonly Target[] {
  if (ruleset === null) return [];
  const known = ALL_TARGETS.get(ruleset);
  if (known !== undefined) return known;
  const made = listActiveTables(ruleset).flatMap(listTableTargets);
  ALL_TARGETS.set(ruleset, made);
  return made;
}

const ALL_TARGETS = new WeakMap<Ruleset, readonly Target[]>();

const NO_CHAINS: readonly string[] = [];

/** Gives the names of the chains that a rule may hand its packet to, by jump or goto; a chain may come twice. */
export function listNextChains(rule: Pick<Rule, "target">): readonly string[] {
  const { target } = rule;
  // Large rule sets have nothing else.
  if (target === null) return NO_CHAINS;
  if (target.kind === "jump" || target.kind === "goto") return [target.chain];
  if (target.kind !== "statements" && target.kind !== "map") return NO_CHAINS;
  return listTargets(rule).flatMap((target) => (target.kind === "jump" || target.kind === "goto" ? target.chain : []));
}

/** Gives a rule with other matches in the places of its own, those between its statements among them; maps stay as they are. */
export function replaceMatches(rule: Rule, edit: (match: Match) => Match): Rule {
  const target = rule.target === null ? null : replaceIn(rule.target, edit);
  return { ...rule, matches: rule.matches.map(edit), target };
}

function replaceIn(target: Target, edit: (match: Match) => Match): Target {
  if (target.kind !== "statements") return target;
  const statements = target.statements.map((part) =>
    "match" in part ? { match: edit(part.match) } : { target: replaceIn(part.target, edit) },
  );
  return { ...target, statements };
}

/** Gives a target with others in the places of those that it comes to, those inside statements and maps among them. */
export function replaceTargets(target: Target, edit: (target: Target) => Target): Target {
  if (target.kind === "map") {
    const branches = target.branches.map((branch) => ({ ...branch, target: replaceTargets(branch.target, edit) }));
    return { ...target, branches };
  }
  if (target.kind !== "statements") return edit(target);
  const statements = target.statements.map((part) =>
    "match" in part ? part : { target: replaceTargets(part.target, edit) },
  );
  return { ...target, statements };
}
