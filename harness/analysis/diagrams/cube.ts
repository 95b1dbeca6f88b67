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
  const inOrder = isInOrder(clauses) ? clauses : joinClauses(clauses);
  let made = then;
  for (let i = inOrder.length - 1; i >= 0; i--) {
    const [variable, allowed] = inOrder[i] as CubeCondition;
    made = makeSlice(space, variable, allowed, made, otherwise);
  }
  return made;
}

/** Most rules ask about the address first, and then about the port. */
function isInOrder(clauses: readonly CubeCondition[]): boolean {
  for (let i = 1; i < clauses.length; i++)
    if ((clauses[i] as CubeCondition)[0] <= (clauses[i - 1] as CubeCondition)[0]) return false;
  return true;
}

/** Gives one clause for each variable, in the variables' order. */
function joinClauses(clauses: readonly CubeCondition[]): readonly CubeCondition[] {
  const joined: CubeCondition[] = [];
  for (const clause of clauses.toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last?.[0] === clause[0]) joined[joined.length - 1] = [clause[0], intersectIntervals(last[1], clause[1])];
    else joined.push(clause);
  }
  return joined;
}

function makeSlice(
  space: FlowSpace,
  variable: number,
  allowed: Intervals,
  inside: Diagram,
  otherwise: Diagram,
): Diagram {
  if (allowed.length === 0) return otherwise;
  const size = sizeOf(space, variable);
  const isFromZero = allowed[0]?.[0] === 0;
  const starts: number[] = isFromZero ? [] : [0];
  const children: Diagram[] = isFromZero ? [] : [otherwise];
  for (const [first, last] of allowed) {
    starts.push(first);
    children.push(inside);
    if (last + 1 < size) {
      starts.push(last + 1);
      children.push(otherwise);
    }
  }
  return space.diagrams.node(variable, starts, children);
}
