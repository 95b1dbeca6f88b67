import { type RulePlace, renderPlaceKey } from "../model/rule-place.ts";
import type { TraceStep, Verdict } from "../model/trace.ts";
import type { ConnectionTrace } from "./simulator.ts";

/** Gives the rules that the packets of some connections met, packet by packet, in the order in which they were met. */
export function listSteps(connections: readonly Pick<ConnectionTrace, "packets">[]): readonly TraceStep[] {
  return connections.flatMap(({ packets }) => packets.flatMap(({ steps }) => steps));
}

/** Gives the places of steps, each once, in the order in which they were first met. */
export function listPlaces(steps: readonly TraceStep[]): readonly RulePlace[] {
  const places = steps.map(({ hook: _, matched: _matched, verdict: _verdict, why: _why, ...place }) => place);
  return [...new Map(places.map((place) => [renderPlaceKey(place), place])).values()];
}

/** What a rule does that settles where a flow lands, whatever later rules accept. */
const SETTLING: readonly (Verdict | null)[] = ["drop", "reject", "redirect", "dnat", "tproxy", "notrack"];
const LEAVING: readonly (Verdict | null)[] = ["return", "accept"];

/**
 * Gives the step of the rule that decides where a flow lands: the last that dropped, refused or translated one of its packets, or else the
 * last that let one go; undefined where no rule did either.
 */
export function findDecidingStep(steps: readonly TraceStep[]): TraceStep | undefined {
  const matched = steps.filter((step) => step.matched === true);
  const findLast = (verdicts: readonly (Verdict | null)[]) =>
    matched.findLast(({ verdict }) => verdicts.includes(verdict));
  return findLast(SETTLING) ?? findLast(LEAVING);
}
