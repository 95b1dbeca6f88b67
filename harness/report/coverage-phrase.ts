import type { CoverageReport, CoverageSummary } from "../model/report.ts";
import { type RulePlace, renderPlaceKey } from "../model/rule-place.ts";

/** A rule that no flow has taken, and what is known of it. */
export interface UnhitRule {
  readonly rule: RulePlace;
  /** `not taken`: some flow would, or it could not be told; `unreachable`: none would. */
  readonly reach: "not taken" | "unreachable";
  /** A flow that would take it, or that it could not be told; null where it is unreachable. */
  readonly why: string | null;
}

/** Gives what is known of each rule that no flow has taken: `client -> pod:22 would take it` names one. */
export function describeUnhit({ unhit, unreachable, takers }: CoverageReport): readonly UnhitRule[] {
  const isSame = (one: RulePlace, other: RulePlace) => renderPlaceKey(one) === renderPlaceKey(other);
  return unhit.map((rule) => {
    if (unreachable.some((each) => isSame(each, rule))) return { rule, reach: "unreachable", why: null };
    const taker = takers.find((each) => isSame(each.rule, rule));
    if (!taker) return { rule, reach: "not taken", why: "it is unknown whether any flow would hit it" };
    return {
      rule,
      reach: "not taken",
      why: `${taker.flow} would hit it${taker.manner === "forward" ? " where the proxy forwards" : ""}`,
    };
  });
}

/**
 * Gives the coverage of a whole run: `40 of 41 rules that some TCP or UDP flow can reach were taken, 97.6 %; 3 more can be reached by
 * none`.
 */
export function describeCoverage(coverage: CoverageSummary): string {
  const { rules, hit, unreachable } = coverage;
  const percent = Math.floor(percentOf(coverage) * 10) / 10;
  const rest = unreachable === 0 ? "" : `; no TCP or UDP flow can reach the other ${unreachable}`;
  return `flows hit ${hit} of ${rules - unreachable} rules that some TCP or UDP flow can reach, ${percent} %${rest}`;
}

/** Gives the share of reachable rules that some flow has hit, from 0 to 100; 100 if there are no reachable rules. */
export function percentOf({ rules, hit, unreachable }: CoverageSummary): number {
  return rules === unreachable ? 100 : (hit / (rules - unreachable)) * 100;
}
