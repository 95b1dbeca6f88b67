import { type Intervals, uniteIntervals } from "../diagrams/intervals.ts";
import { toAtoms } from "./axis.ts";
import { DIMENSION, type FlowSpace } from "./flow-space.ts";
import type { Lane } from "./lane.ts";

/** A lane's flows are located one by one, and its atoms are the same for all of them. */
const KNOWN = new WeakMap<FlowSpace, WeakMap<Lane, ReadonlyMap<number, Intervals>>>();

/** Gives the atoms that a lane's flows may have, by dimension; a dimension that is not there is not the flow's own. */
export function findDomain(space: FlowSpace, lane: Lane): ReadonlyMap<number, Intervals> {
  const ofSpace = KNOWN.get(space) ?? new WeakMap();
  KNOWN.set(space, ofSpace);
  const domain = ofSpace.get(lane) ?? makeDomain(space, lane);
  ofSpace.set(lane, domain);
  return domain;
}

function makeDomain(space: FlowSpace, lane: Lane): ReadonlyMap<number, Intervals> {
  const domain = new Map<number, Intervals>([
    [DIMENSION.uid, uniteIntervals(toAtoms(space.ids, lane.uids))],
    [DIMENSION.gid, uniteIntervals(toAtoms(space.ids, lane.gids))],
    [DIMENSION.destination, uniteIntervals(toAtoms(space.addresses, lane.destinations))],
    [DIMENSION.port, uniteIntervals(toAtoms(space.ports, lane.ports))],
  ]);
  if (lane.sources !== "destination")
    domain.set(DIMENSION.source, uniteIntervals(toAtoms(space.addresses, lane.sources)));
  return domain;
}
