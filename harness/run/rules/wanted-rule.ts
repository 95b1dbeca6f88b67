import { renderRoutingTexts } from "../../formats/routing-texts.ts";
import { listPlacedRules, type PlacedRule } from "../../formats/rule-places.ts";
import { renderRule } from "../../formats/rule-text.ts";
import { meetsExpectation } from "../../model/expectation.ts";
import type { Match } from "../../model/match.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { WantedRule } from "../../model/report.ts";
import { findRuleAt, type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import { familyKey, type PodRules, type Rule } from "../../model/ruleset.ts";
import type { TraceStep } from "../../model/trace.ts";
import { compilePod, type Explanation, type Simulator } from "../../netfilter/simulator.ts";
import { listSteps } from "../../netfilter/steps.ts";
import type { BoundFlow, BoundScenario } from "../scenario/bound-scenario.ts";
import { renameAsTested } from "./own-rules.ts";

/**
 * Says for a flow that landed wrong which rule should have taken it; null where no rule of the config's own makes the difference.
 * `counted`: the rules that counted the flow, null where nobody looked.
 */
export type FindWantedRule = (flow: BoundFlow, counted: readonly RulePlace[] | null) => WantedRule | null;

/**
 * Makes what holds the rules under test against those that the mesh's own tool writes. Both are simulated, rule by rule,
 * and the first rule that takes the flow there and not here is the one wanted; the rule here that is most like it says why it did not.
 * Where there is none, it is policy routing that is missing, if with the mesh's own the rules under test land the flow as they must.
 */
export function makeWantedRuleFinder(
  { capture, spec }: Pick<BoundScenario, "capture" | "spec">,
  tested: PodRules,
  addresses: SandboxAddresses,
): FindWantedRule {
  if (capture.generated === null) return () => null;
  const own = renameAsTested(capture.generated, tested);
  const should = compilePod(own, spec, addresses);
  const does = compilePod(tested, spec, addresses);
  let routed: Simulator | null = null;
  return (bound, counted) => {
    const demanded = explain(should, bound);
    if (!meetsExpectation(bound.expected, demanded.landing)) return null;
    const steps = listSteps(explain(does, bound).connections);
    const taken = new Set(steps.filter(({ matched }) => matched !== false).map(keyOf));
    const wanted = listSteps(demanded.connections).find((step) => step.matched === true && !taken.has(keyOf(step)));
    if (wanted) {
      const place = placeOf(wanted, bound);
      const rule = findRuleAt(place, own) ?? null;
      return { rule: place, routing: [], nearest: rule && findNearest(rule, place, own, tested, { steps, counted }) };
    }
    routed ??= compilePod({ ...tested, policyRouting: own.policyRouting }, spec, addresses);
    if (!meetsExpectation(bound.expected, routed.land(bound.flow, bound.manner))) return null;
    const { rules, routes, addresses: added } = renderRoutingTexts(own.policyRouting);
    return { rule: null, routing: [...rules, ...routes, ...added], nearest: null };
  };
}

function explain(simulator: Simulator, { flow, manner }: BoundFlow): Explanation {
  return simulator.explain(flow, manner, (chain, rule) => renderRule(chain, rule, flow.family));
}

/** Rules are compared as iptables prints them, however their files have them. */
function print({ place, rule }: PlacedRule): string {
  return renderRule(place.chain, rule, place.family);
}

function keyOf({ table, rule }: Pick<RulePlace, "table" | "rule">): string {
  return `${table} ${rule}`;
}

function placeOf(
  { hook: _, matched: _matched, verdict: _verdict, why: _why, ...place }: TraceStep,
  { flow }: BoundFlow,
): RulePlace {
  return { ...place, family: flow.family };
}

/** What is known of the flow's way: the rules it meets in the simulator, and those that counted it in the kernel. */
interface Evidence {
  readonly steps: readonly TraceStep[];
  readonly counted: readonly RulePlace[] | null;
}

/**
 * Gives the rule under test that is most like the one wanted, in whatever table and chain it stands, and why it did not take the flow.
 * Rules that the mesh has as well are meant for other flows.
 */
function findNearest(
  wanted: Rule,
  place: RulePlace,
  own: PodRules,
  tested: PodRules,
  { steps, counted }: Evidence,
): WantedRule["nearest"] {
  const printedKey = (each: PlacedRule) => keyOf({ ...each.place, rule: print(each) });
  const others = new Set(listPlacedRules(own[familyKey(place.family)]).map(printedKey));
  const rated = listPlacedRules(tested[familyKey(place.family)])
    .filter((each) => printedKey(each) === keyOf(place) || !others.has(printedKey(each)))
    .map((each) => ({ place: each.place, likeness: rateLikeness(wanted, each.rule) + ratePlace(place, each.place) }));
  const best = rated.toSorted((a, b) => b.likeness - a.likeness)[0];
  if (!best || best.likeness < ENOUGH) return null;
  const isBest = (step: RulePlace) => renderPlaceKey(step) === renderPlaceKey(best.place);
  const hasCounted = counted === null ? null : counted.some(isBest);
  return { rule: best.place, why: explainMiss(best.place, place, steps.filter(isBest), hasCounted) };
}

/** As much as a verdict in common, or a match of the same kind, in the same chain. */
const ENOUGH = 4;

function ratePlace(wanted: RulePlace, { table, chain }: RulePlace): number {
  return (table === wanted.table ? 2 : 0) + (chain === wanted.chain ? 1 : 0);
}

/** The same match counts most, then the same verdict, then a match of the same kind with another value. */
function rateLikeness(wanted: Rule, rule: Rule): number {
  const has = (match: Match, keyOfMatch: (match: Match) => string) =>
    rule.matches.some((other) => keyOfMatch(other) === keyOfMatch(match));
  const same = wanted.matches.filter((match) => has(match, textOf)).length;
  const kinds = wanted.matches.filter((match) => has(match, kindOf)).length;
  const isSameVerdict = wanted.target?.kind === rule.target?.kind;
  const isSameTarget = textOf(wanted.target) === textOf(rule.target);
  return same * 2 + kinds + (isSameVerdict ? 1 : 0) + (isSameTarget ? 1 : 0);
}

function kindOf(match: Match): string {
  return "what" in match ? `${match.kind} ${match.what}` : match.kind;
}

function textOf(part: unknown): string {
  return JSON.stringify(part, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}

/** What the kernel has counted goes before what the simulator says. */
function explainMiss(
  nearest: RulePlace,
  wanted: RulePlace,
  met: readonly TraceStep[],
  hasCounted: boolean | null,
): string {
  if (nearest.table !== wanted.table) return `it is in table ${nearest.table}, not ${wanted.table}`;
  const missed = met.find(({ matched }) => matched === false);
  if (missed?.why) return missed.why;
  if (hasCounted === true || met.some(({ matched }) => matched === true))
    return hasCounted === false
      ? "the kernel did not count the flow for it"
      : "it matched first and did something else";
  if (hasCounted === false && met.length > 0) return "it did not match: the kernel did not count the flow for it";
  if (met.length > 0) return "it is unknown whether it matches";
  if (nearest.chain !== wanted.chain) return `it is in the chain ${nearest.chain}, not ${wanted.chain}`;
  return "the flow did not reach it, because an earlier rule decided";
}
