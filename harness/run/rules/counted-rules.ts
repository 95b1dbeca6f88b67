import { listPlacedRules, type PlacedRule } from "../../formats/rule-places.ts";
import type { CoverageReport } from "../../model/report.ts";
import { type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import type { Rule } from "../../model/ruleset.ts";
import type { CountedRules } from "../../sandbox/sandbox.ts";

/**
 * Gives the rules that have counted more packets in `after` than in `before`, both reads of the same rules; in the tables' order.
 *
 * @example
 * const before = await sandbox.counters();
 * await sandbox.drive([{ flow, manner: "answer" }]);
 * findCountedRules(before, await sandbox.counters())   // [{ family: 4, table: "nat", chain: "OUTPUT", index: 1, rule: "-A OUTPUT …" }]
 */
export function findCountedRules(before: CountedRules, after: CountedRules): readonly RulePlace[] {
  const earlier = new Map(listCounted(before).map(({ place, rule }) => [renderPlaceKey(place), packetsOf(rule)]));
  return listCounted(after)
    .filter(({ place, rule }) => packetsOf(rule) > (earlier.get(renderPlaceKey(place)) ?? 0))
    .map(({ place }) => place);
}

/** Gives which of the rules have counted some packet since they were put in, and which have not. */
export function splitByCounters(counted: CountedRules): Pick<CoverageReport, "taken" | "unhit"> {
  const { taken = [], unhit = [] } = Object.groupBy(listCounted(counted), ({ rule }) =>
    packetsOf(rule) > 0 ? "taken" : "unhit",
  );
  return { taken: taken.map(({ place }) => place), unhit: unhit.map(({ place }) => place) };
}

function listCounted({ ip, ip6 }: CountedRules): readonly PlacedRule[] {
  return [ip, ip6].flatMap(listPlacedRules);
}

function packetsOf(rule: Rule): number {
  return rule.counters?.packets ?? 0;
}
