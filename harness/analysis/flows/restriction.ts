import { makeCube } from "../diagrams/cube.ts";
import type { Diagram } from "../diagrams/diagrams.ts";
import { uniteIntervals } from "../diagrams/intervals.ts";
import { type Memo, openPairs } from "../diagrams/pairs.ts";
import { toAtoms } from "./axis.ts";
import { findDomain } from "./flow-domain.ts";
import { DIMENSION, FIRST_REST, type FlowSpace } from "./flow-space.ts";
import type { Lane } from "./lane.ts";

/** What cuts diagrams to the flows of one lane. */
export interface Restriction {
  /** Cuts a diagram to a lane: flows of other lanes come to {@link Restriction.outside}. */
  readonly restrict: (diagram: Diagram, lane: Lane) => Diagram;
  readonly outside: Diagram;
}

/** What tells the flows of one family apart. */
export interface Distinctions {
  /** Gives for a lane one diagram a rule set: equal terminals, equal treatment, within one rule set and between two. */
  readonly sign: (lane: Lane) => readonly Diagram[];
  /** Tells the flows of a signature further apart: by whether they dial the very address to which a rule translates them. */
  readonly tellSent: (signature: Diagram) => Diagram;
  /** Diagrams that tell flows apart by what is no rule's doing: which host has an address, who listens at a port, the cuts asked for. */
  readonly ground: readonly Diagram[];
  /** Combines diagrams into one whose terminals stand for tuples. */
  readonly join: (first: Diagram, second: Diagram) => Diagram;
}

/** Opens what cuts diagrams of a space to one lane after another. */
export function openRestriction(space: FlowSpace): Restriction {
  const { diagrams } = space;
  const [inside, outside] = [diagrams.terminal("inside"), diagrams.terminal("outside")];
  const memo = openPairs();
  const keep = (domain: Diagram, from: Diagram, known: Memo) =>
    diagrams.combine(domain, from, (where, what) => (where === inside ? what : outside), known, {
      limit: FIRST_REST,
      shortcut: (where, what) => (where === inside ? what : where === outside ? outside : undefined),
    });
  const leaveOut = ({ sources, destinations }: Lane["without"][number], from: Diagram): Diagram => {
    const clauses = [
      [DIMENSION.source, uniteIntervals(toAtoms(space.addresses, sources))],
      [DIMENSION.destination, uniteIntervals(toAtoms(space.addresses, destinations))],
    ] as const;
    const hole = makeCube(space, clauses, outside, inside);
    return keep(hole, from, openPairs());
  };
  const restrict = (diagram: Diagram, lane: Lane): Diagram => {
    const whole = makeCube(space, [...findDomain(space, lane)], inside, outside);
    const domain = lane.without.reduce((rest, hole) => leaveOut(hole, rest), whole);
    return keep(domain, diagram, memo);
  };
  return { restrict, outside };
}

/**
 * Gives a function that tells a lane's flows apart by everything there is; flows of other lanes come to {@link Restriction.outside}. A
 * diagram is cut to its lane before the ground tells its flows further apart: in one lane the ground has few of its values, and everywhere
 * all of them multiplied.
 */
export function openDivision(
  { diagrams }: FlowSpace,
  { sign, tellSent, ground, join }: Distinctions,
  { restrict, outside }: Restriction,
): (lane: Lane) => Diagram {
  const memo = openPairs();
  const joinInside = (cut: Diagram, part: Diagram) =>
    diagrams.combine(cut, part, (a, b) => (a === outside ? outside : join(a, b)), memo, {
      limit: FIRST_REST,
      shortcut: (a) => (a === outside ? outside : undefined),
    });
  return (lane) => ground.reduce(joinInside, restrict(sign(lane).map(tellSent).reduce(join), lane));
}
