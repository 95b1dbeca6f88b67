import { type Family, renderAddress } from "../model/address.ts";
import { type Diagram, type Memo, TERMINAL } from "./diagrams/diagrams.ts";
import { type Intervals, subtractIntervals, uniteIntervals } from "./diagrams/intervals.ts";
import type { Axis } from "./flows/axis.ts";
import { findDomain } from "./flows/flow-domain.ts";
import { DIMENSION, FIRST_REST, type FlowSpace, sizeOf } from "./flows/flow-space.ts";
import type { Lane } from "./flows/lanes.ts";

/** Boxes of one class that are written out; beyond, their number is told and the first are given. */
const BOXES_AT_MOST = 12;
/** Ranges of one dimension that are written out, in the same way. */
const RANGES_AT_MOST = 8;

/** How a text ends, or goes on, that leaves boxes or ranges out. */
const [BOXES_LEFT_OUT, RANGES_LEFT_OUT] = ["such boxes)", "ranges more"];

/** For each dimension that a box is narrow in, the atoms it spans. */
type Box = ReadonlyMap<number, Intervals>;

/**
 * Says in words which flows of a lane come to some terminals: boxes, each a set of ranges for every dimension that matters.
 *
 * @example
 * "from the pod to elsewhere: uid 1337, to 10.0.0.0-10.255.255.255, port 80"
 */
export function describeClass(root: Diagram, terminals: ReadonlySet<Diagram>, lane: Lane, space: FlowSpace): string {
  const inClass = markClass(root, terminals, space);
  const boxes = listBoxes(inClass, space);
  const count = countBoxes(inClass, space);
  const domain = findDomain(space, lane);
  const texts = boxes.map((box) => describeBox(box, domain, space)).map((text) => (text === "" ? "all" : text));
  const rest = count > boxes.length ? ` (the first ${boxes.length} of ${count} ${BOXES_LEFT_OUT}` : "";
  return `${lane.name}: ${texts.join("; or ")}${rest}`;
}

/** Says whether a text of {@link describeClass} names all flows of its class: one that leaves something out may be two classes' text. */
function saysAll(text: string): boolean {
  return !text.endsWith(BOXES_LEFT_OUT) && !text.includes(RANGES_LEFT_OUT);
}

/** What tells a class's row from those of other lanes: the end of its text, and what else a reader is told of it. */
export interface RowText {
  /** The text of {@link describeClass}. */
  readonly class: string;
  /** The name of the lane, with which that text begins. */
  readonly lane: string;
  readonly kind: unknown;
  readonly assumed: ReadonlyMap<string, "holds" | "fails">;
}

/** Gives a key that two lanes' rows share where they say the same; null where the text leaves something out, and may hide a difference. */
export function keyOfRow({ class: text, lane, kind, assumed }: RowText): string | null {
  const conditions = text.slice(lane.length);
  return saysAll(conditions) ? JSON.stringify([conditions, kind, [...assumed]]) : null;
}

/** Gives the diagram that is `in` for the class and `out` elsewhere, so that what no longer matters falls away. */
function markClass(root: Diagram, terminals: ReadonlySet<Diagram>, { diagrams }: FlowSpace): Diagram {
  const [inside, out] = [diagrams.terminal("in"), diagrams.terminal("out")];
  const memo: Memo = new Map();
  return diagrams.combine(root, out, (a) => (terminals.has(a) ? inside : out), memo, FIRST_REST);
}

function branches(at: Diagram, { diagrams }: FlowSpace): ReadonlyMap<Diagram, Intervals> {
  const starts = diagrams.startsOf(at);
  const found = new Map<Diagram, (readonly [number, number])[]>();
  for (const [i, child] of diagrams.childrenOf(at).entries()) {
    const span = [starts[i] ?? 0, (starts[i + 1] ?? TERMINAL) - 1] as const;
    found.set(child, [...(found.get(child) ?? []), span]);
  }
  return found;
}

function countBoxes(root: Diagram, space: FlowSpace): number {
  const counts = new Map<Diagram, number>();
  const count = (at: Diagram): number => {
    const known = counts.get(at);
    if (known !== undefined) return known;
    const isTerminal = space.diagrams.variableOf(at) >= FIRST_REST;
    const made = isTerminal
      ? Number(space.diagrams.nameOf(at) === "in")
      : [...branches(at, space).keys()].reduce((sum, child) => sum + count(child), 0);
    counts.set(at, made);
    return made;
  };
  return count(root);
}

function listBoxes(root: Diagram, space: FlowSpace): readonly Box[] {
  const boxes: Box[] = [];
  const walk = (at: Diagram, box: Box): void => {
    if (boxes.length >= BOXES_AT_MOST || countBoxes(at, space) === 0) return;
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

/** Leaves out what is no more than the lane says. */
function describeBox(box: Box, domain: Box, space: FlowSpace): string {
  const narrow = [...box].map(([variable, spans]): [number, Intervals] => [
    variable,
    clipSpans(variable, spans, space),
  ]);
  const told = narrow.filter(([variable, spans]) => JSON.stringify(spans) !== JSON.stringify(domain.get(variable)));
  return told.map(([variable, spans]) => describeSpans(variable, spans, domain.get(variable) ?? [], space)).join(", ");
}

function clipSpans(variable: number, spans: Intervals, space: FlowSpace): Intervals {
  const last = sizeOf(space, variable) - 1;
  return uniteIntervals(spans.map(([first, end]) => [first, Math.min(end, last)] as const));
}

/** Says what a dimension is narrowed to, or what it is not where that is shorter: `port other than 22 or 15020`. */
function describeSpans(variable: number, spans: Intervals, domain: Intervals, space: FlowSpace): string {
  if (variable >= DIMENSION.unknown)
    return `${spans[0]?.[0] === 1 ? "where" : "where not"} ${space.unknownText(variable)}`;
  const [name, axis] = nameOf(variable, space);
  const render = (value: bigint) =>
    variable === DIMENSION.source || variable === DIMENSION.destination
      ? renderAddress(space.family as Family, value)
      : String(value);
  const gaps = subtractIntervals(domain, spans);
  const isShorter = gaps.length > 0 && gaps.length < spans.length;
  const texts = (isShorter ? gaps : spans).map(([first, last]) => {
    const [low] = axis.boundsOf(first);
    const [, high] = axis.boundsOf(last);
    return low === high ? render(low) : `${render(low)}-${render(high)}`;
  });
  const rest = texts.length > RANGES_AT_MOST ? ` and ${texts.length - RANGES_AT_MOST} ${RANGES_LEFT_OUT}` : "";
  return `${name} ${isShorter ? "other than " : ""}${texts.slice(0, RANGES_AT_MOST).join(" or ")}${rest}`;
}

function nameOf(variable: number, space: FlowSpace): readonly [string, Axis] {
  if (variable === DIMENSION.uid) return ["uid", space.ids];
  if (variable === DIMENSION.gid) return ["gid", space.ids];
  if (variable === DIMENSION.source) return ["from", space.addresses];
  return variable === DIMENSION.destination ? ["to", space.addresses] : ["port", space.ports];
}
