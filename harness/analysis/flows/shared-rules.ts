import { dequal } from "dequal/lite";
import { type Chain, chainsByName, type Rule, type Ruleset, type Table, tableKey } from "../../model/ruleset.ts";

/**
 * Gives rule sets in which a rule that the first one has, too, in the chain of the same name, has the very matches and target of that one:
 * what is worked out about a rule of one of them then holds for the other's. Nothing else changes.
 *
 * @example
 * const [before, after] = shareRules([rules, rulesReadAgain])   // listRules(after)[0].matches === listRules(before)[0].matches
 */
export function shareRules(rulesets: readonly Ruleset[]): readonly Ruleset[] {
  const [first, ...others] = rulesets;
  if (first === undefined || others.length === 0) return rulesets;
  const tables = new Map(first.tables.map((table) => [tableKey(table), table]));
  const share = (table: Table): Table => {
    const known = tables.get(tableKey(table));
    return known === undefined || known === table ? table : shareTable(known, table);
  };
  return [first, ...others.map((ruleset) => ({ ...ruleset, tables: ruleset.tables.map(share) }))];
}

function shareTable(known: Table, table: Table): Table {
  const chains = chainsByName(known);
  return {
    ...table,
    chains: table.chains.map((chain) => {
      const same = chains.get(chain.name);
      return same === undefined ? chain : { ...chain, rules: shareChain(same, chain) };
    }),
  };
}

function shareChain(known: Chain, { rules }: Chain): readonly Rule[] {
  let byText: ReadonlyMap<string | undefined, Rule> | null = null;
  const findKnown = ({ text }: Rule, place: number): Rule | undefined => {
    // Most rules stand where they stood.
    const beside = known.rules[place];
    if (beside?.text === text) return beside;
    byText ??= new Map(known.rules.map((rule) => [rule.text, rule]));
    return text === undefined ? undefined : byText.get(text);
  };
  return rules.map((rule, place) => {
    const same = findKnown(rule, place);
    // Rules of one text may mean different things: sets have the same name, and different elements.
    if (same === undefined || !dequal(same.matches, rule.matches) || !dequal(same.target, rule.target)) return rule;
    return { ...rule, matches: same.matches, target: same.target };
  });
}
