import { type Family, renderAddress } from "../model/address.ts";
import { type Box, clipSpans, countBoxes, listBoxes, nameOfDimension } from "./class-boxes.ts";
import { markClass } from "./class-marks.ts";
import type { Diagram } from "./diagrams/diagrams.ts";
import { type Intervals, subtractIntervals } from "./diagrams/intervals.ts";
import { findDomain } from "./flows/flow-domain.ts";
import { DIMENSION, type FlowSpace } from "./flows/flow-space.ts";
import type { Lane } from "./flows/lane.ts";

/** Ranges of one dimension that are written out, in the same way. */
const RANGES_AT_MOST = 8;

/** How a text ends, or goes on, that leaves boxes or ranges out. */
const [BOXES_LEFT_OUT, RANGES_LEFT_OUT] = ["such boxes)", "ranges more"];

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

/** Leaves out what is no more than the lane says. */
function describeBox(box: Box, domain: Box, space: FlowSpace): string {
  const narrow = [...box].map(([variable, spans]): [number, Intervals] => [
    variable,
    clipSpans(variable, spans, space),
  ]);
  const told = narrow.filter(([variable, spans]) => JSON.stringify(spans) !== JSON.stringify(domain.get(variable)));
  return told.map(([variable, spans]) => describeSpans(variable, spans, domain.get(variable) ?? [], space)).join(", ");
}

/** Says what a dimension is narrowed to, or what it is not where that is shorter: `port other than 22 or 15020`. */
function describeSpans(variable: number, spans: Intervals, domain: Intervals, space: FlowSpace): string {
  if (variable >= DIMENSION.unknown)
    return `${spans[0]?.[0] === 1 ? "where" : "where not"} ${space.unknownText(variable)}`;
  const [name, axis] = nameOfDimension(variable, space);
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
