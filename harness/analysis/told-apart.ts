import type { Match } from "../model/match.ts";
import { replaceMatches } from "../model/rule-parts.ts";
import { type Chain, type Rule, type Ruleset, type Table, tableKey } from "../model/ruleset.ts";
import { answersAlike } from "../model/target-traits.ts";

/**
 * Gives a rule set in which matches of the same text have different texts where the kernel may answer one packet differently at each of
 * them: `-m statistic …`, and, where it stands again, `-m statistic … (asked at place 2)`. Were they one question, a rule behind the first
 * would seem never to match. Places are counted by tables and chains in the order of their names, not in that of the file.
 */
export function tellApart(ruleset: Ruleset): Ruleset {
  const asked = new Map<string, number>();
  const nameMatch = (match: Match): Match => {
    if (match.kind !== "unknown" || answersAlike(match.text)) return match;
    const place = (asked.get(match.text) ?? 0) + 1;
    asked.set(match.text, place);
    return place === 1 ? match : { ...match, text: `${match.text} (asked at place ${place})` };
  };
  const nameRule = (rule: Rule): Rule => replaceMatches(rule, nameMatch);
  const named = new Map<Chain, Chain>();
  for (const { chains } of inOrder(ruleset.tables, tableKey))
    for (const chain of inOrder(chains, ({ name }) => name))
      named.set(chain, { ...chain, rules: chain.rules.map(nameRule) });
  const tables = ruleset.tables.map(
    (table): Table => ({ ...table, chains: table.chains.map((chain) => named.get(chain) ?? chain) }),
  );
  return { ...ruleset, tables };
}

function inOrder<T>(values: readonly T[], nameOf: (value: T) => string): readonly T[] {
  return values.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}
