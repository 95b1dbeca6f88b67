import { handlePlace, type RulePlace, renderChainKey, tablePlace } from "../model/rule-place.ts";
import { familyKey, type PodRules, type Rule, type Ruleset } from "../model/ruleset.ts";
import { quoteRule } from "./rule-text.ts";

/** A rule with its place, as reports name it. */
export interface PlacedRule {
  readonly place: RulePlace;
  readonly rule: Rule;
}

/**
 * Gives every rule of a rule set with its place, in the tables' order; none for null.
 *
 * @example
 * listPlacedRules(ruleset)[0]
 * // { place: { family: 4, table: "nat", chain: "OUTPUT", index: 1, rule: "-A OUTPUT -p tcp -j ISTIO_OUTPUT" }, rule: … }
 */
export function listPlacedRules(ruleset: Ruleset | null): readonly PlacedRule[] {
  if (ruleset === null) return [];
  const { family, tables } = ruleset;
  return tables.flatMap((table) =>
    table.chains.flatMap(({ name: chain, rules }) =>
      rules.map((rule, i) => {
        const text = quoteRule(chain, rule, family);
        const place = { family, ...tablePlace(table), chain, index: i + 1, ...handlePlace(rule), rule: text };
        return { place, rule };
      }),
    ),
  );
}

/** Gives the same of one chain: that of a rule's place, in these or other rules of a pod. */
export function listChainRules(rules: Pick<PodRules, "ip" | "ip6">, place: RulePlace): readonly PlacedRule[] {
  const chain = renderChainKey(place);
  return listPlacedRules(rules[familyKey(place.family)]).filter((each) => renderChainKey(each.place) === chain);
}
