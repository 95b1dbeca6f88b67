import type { Match } from "../model/match.ts";
import { listMatches, replaceMatches } from "../model/rule-parts.ts";
import { listRules, type Rule, type Ruleset } from "../model/ruleset.ts";

/** What a user says of matches that are not understood, by their texts: that each holds for every packet, or fails for every one. */
export type ToldMatches = ReadonlyMap<string, "holds" | "fails">;

/** A match that holds for every packet. */
export const ALWAYS: Match = { kind: "comment", text: "" };
/** A match that holds for no packet: it wants a mark that its own mask cannot leave. */
export const NEVER: Match = { kind: "mark", negated: false, value: 1, mask: 0 };

/**
 * Puts what a user says of matches that are not understood in their places; other matches stay, and a rule keeps its text. What a match
 * decides stays unknown where nothing is said of it.
 *
 * @example
 * tellMatches(ruleset, new Map([["meta length < 200", "holds"]]))
 */
export function tellMatches(ruleset: Ruleset, told: ToldMatches): Ruleset {
  const asTold = (match: Match): Match => {
    const answer = match.kind === "unknown" ? told.get(match.text) : undefined;
    return answer === undefined ? match : answer === "holds" ? ALWAYS : NEVER;
  };
  const isTold = (match: Match) => match.kind === "unknown" && told.has(match.text);
  // Most rules have no such match; these stay the same object.
  const edit = (rule: Rule): Rule => (listMatches(rule).some(isTold) ? replaceMatches(rule, asTold) : rule);
  const tables = ruleset.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: chain.rules.map(edit) })),
  }));
  return { ...ruleset, tables };
}

/** Gives the texts of a rule set's matches that are not understood, each once: what {@link tellMatches} may be told about. */
export function listUnknownMatches(ruleset: Ruleset | null): readonly string[] {
  const texts = listRules(ruleset).flatMap((rule) =>
    listMatches(rule).flatMap((match) => (match.kind === "unknown" ? match.text : [])),
  );
  return [...new Set(texts)];
}
