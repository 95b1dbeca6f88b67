import { type RulePlace, renderOrigin } from "../../model/rule-place.ts";

/**
 * Gives the rule that took a flow before the required one could: that is in its chain, as `there`, and one of those that took the flow
 * stands before it; `deciding` if that is one of them. Null where the required rule is not there, or nothing stands before it.
 */
export function findTakenBefore(
  there: RulePlace,
  wanted: RulePlace,
  taken: readonly RulePlace[],
  deciding: RulePlace | null = null,
): RulePlace | null {
  const isSame = there.rule === wanted.rule && there.table === wanted.table && there.chain === wanted.chain;
  const isBefore = ({ table, chain, index }: RulePlace) =>
    table === there.table && chain === there.chain && index < there.index;
  if (!isSame) return null;
  return deciding !== null && isBefore(deciding) ? deciding : (taken.findLast(isBefore) ?? null);
}

/** Gives a rule's place without the rule: `ISTIO_OUTPUT 2 (rules.txt:18)`. */
export function namePlace(place: RulePlace): string {
  const origin = renderOrigin(place);
  return `${place.chain} ${place.index}${origin === null ? "" : ` (${origin})`}`;
}

/** Gives a rule's place with its text: `ISTIO_OUTPUT 2 (rules.txt:18): -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN`. */
export function quotePlace(place: RulePlace): string {
  return `${namePlace(place)}: ${place.rule}`;
}
