import type { Diagram } from "./diagrams/diagrams.ts";
import { type Intervals, uniteIntervals } from "./diagrams/intervals.ts";
import { TERMINAL } from "./diagrams/node-parts.ts";
import type { Axis } from "./flows/axis.ts";
import { DIMENSION, FIRST_REST, type FlowSpace, sizeOf } from "./flows/flow-space.ts";

/** Boxes of one class that are written out; beyond, their number is told and the first are given. */
const BOXES_AT_MOST = 12;

/** For each dimension that a box is narrow in, the atoms it spans. */
export type Box = ReadonlyMap<number, Intervals>;

function branches(at: Diagram, { diagrams }: FlowSpace): ReadonlyMap<Diagram, Intervals> {
  const starts = diagrams.startsOf(at);
  const found = new Map<Diagram, (readonly [number, number])[]>();
  for (const [i, child] of diagrams.childrenOf(at).entries()) {
    const span = [starts[i] ?? 0, (starts[i + 1] ?? TERMINAL) - 1] as const;
    const known = found.get(child);
    if (known) known.push(span);
    else found.set(child, [span]);
  }
  return found;
}

/** Gives how many boxes a class falls into, which {@link markClass} has marked: one for each way to `in`. */
export function countBoxes(root: Diagram, space: FlowSpace): number {
  return openCounter(space)(root);
}

/** Gives the same for one node after another, each of them counted once. */
function openCounter({ diagrams }: FlowSpace): (at: Diagram) => number {
  const counts = new Map<Diagram, number>();
  const count = (at: Diagram): number => {
    const known = counts.get(at);
    if (known !== undefined) return known;
    let made = 0;
    if (diagrams.variableOf(at) >= FIRST_REST) made = Number(diagrams.nameOf(at) === "in");
    else for (const child of new Set(diagrams.childrenOf(at))) made += count(child);
    counts.set(at, made);
    return made;
  };
  return count;
}

/**
 * Gives the boxes of a class that {@link markClass} has marked, at most 12. No flow is in two of them, and where there are no more, every
 * flow of the class is in one.
 */
export function listBoxes(root: Diagram, space: FlowSpace): readonly Box[] {
  const boxes: Box[] = [];
  const count = openCounter(space);
  const walk = (at: Diagram, box: Box): void => {
    if (boxes.length >= BOXES_AT_MOST || count(at) === 0) return;
    if (space.diagrams.variableOf(at) >= FIRST_REST) {
      boxes.push(box);
      return;
    }
    for (const [child, spans] of branches(at, space))
      walk(child, new Map([...box, [space.diagrams.variableOf(at), spans]]));
  };
  walk(root, new Map());
  return boxes;
}

/** Cuts intervals at the last value that a dimension has: the last branch of a diagram has no end. */
export function clipSpans(variable: number, spans: Intervals, space: FlowSpace): Intervals {
  const last = sizeOf(space, variable) - 1;
  return uniteIntervals(spans.map(([first, end]) => [first, Math.min(end, last)] as const));
}

/** Gives what a dimension is called in words, and its values. */
export function nameOfDimension(variable: number, space: FlowSpace): readonly [string, Axis] {
  if (variable === DIMENSION.uid) return ["uid", space.ids];
  if (variable === DIMENSION.gid) return ["gid", space.ids];
  if (variable === DIMENSION.source) return ["from", space.addresses];
  return variable === DIMENSION.destination ? ["to", space.addresses] : ["port", space.ports];
}
