import { type RulePlace, renderPlaceKey } from "../model/ruleset.ts";
import type { TraceStep } from "../model/trace.ts";
import type { ConnectionTrace } from "./simulator.ts";

/** Gives the rules that the packets of some connections met, packet by packet, in the order in which they were met. */
export function listSteps(connections: readonly Pick<ConnectionTrace, "packets">[]): readonly TraceStep[] {
  return connections.flatMap(({ packets }) => packets.flatMap(({ steps }) => steps));
}

/** Gives the places of steps, each once, in the order in which they were first met. */
export function listPlaces(steps: readonly TraceStep[]): readonly RulePlace[] {
  const places = steps.map(({ family, table, chain, index, rule }) => ({ family, table, chain, index, rule }));
  return [...new Map(places.map((place) => [renderPlaceKey(place), place])).values()];
}
