import { type FlowSpace, sizeOf } from "../flows/flow-space.ts";
import type { Diagram } from "./diagrams.ts";
import { type Intervals, intersectIntervals } from "./intervals.ts";

/** A variable with the values that it must have. */
export type CubeCondition = readonly [variable: number, allowed: Intervals];

/** Gives the diagram that is `then` where all clauses hold, and `otherwise` elsewhere. */
export function makeCube(
  space: FlowSpace,
  clauses: readonly CubeCondition[],
  then: Diagram,
  otherwise: Diagram,
): Diagram {
  const byVariable = new Map<number, Intervals>();
  for (const [variable, allowed] of clauses) {
    const known = byVariable.get(variable);
    byVariable.set(variable, known ? intersectIntervals(known, allowed) : allowed);
  }
  const inOrder = [...byVariable].sort(([a], [b]) => b - a);
  return inOrder.reduce((inside, [variable, allowed]) => makeSlice(space, variable, allowed, inside, otherwise), then);
}

function makeSlice(
  space: FlowSpace,
  variable: number,
  allowed: Intervals,
  inside: Diagram,
  otherwise: Diagram,
): Diagram {
  const starts: number[] = [];
  const children: Diagram[] = [];
  const add = (start: number, child: Diagram) => {
    starts.push(start);
    children.push(child);
  };
  if (allowed[0]?.[0] !== 0) add(0, otherwise);
  for (const [first, last] of allowed) {
    add(first, inside);
    if (last + 1 < sizeOf(space, variable)) add(last + 1, otherwise);
  }
  return allowed.length === 0 ? otherwise : space.diagrams.node(variable, starts, children);
}
