import { listPlacedRules, type PlacedRule } from "../../formats/rule-places.ts";
import type { CoverageReport } from "../../model/report.ts";
import type { Rule } from "../../model/ruleset.ts";
import type { CountedRules } from "../../sandbox/sandbox.ts";

/**
 * Gives which of the rules have counted some packet, and which have not, each in the tables' order.
 *
 * @example
 * const [drive] = await sandbox.driveOneByOne([{ flow, manner: "answer" }]);
 * splitByCounters(drive.counted).taken   // [{ family: 4, table: "nat", chain: "OUTPUT", index: 1, rule: "-A OUTPUT …" }]
 */
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
