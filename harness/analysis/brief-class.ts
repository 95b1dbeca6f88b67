import { type Family, renderAddress } from "../model/address.ts";
import { type Box, clipSpans, countBoxes, listBoxes, nameOfDimension } from "./class-boxes.ts";
import { markClass } from "./class-marks.ts";
import { makeCube } from "./diagrams/cube.ts";
import type { Diagram } from "./diagrams/diagrams.ts";
import { type Intervals, subtractIntervals } from "./diagrams/intervals.ts";
import { TERMINAL } from "./diagrams/node-parts.ts";
import { openPairs } from "./diagrams/pairs.ts";
import { findDomain } from "./flows/flow-domain.ts";
import { DIMENSION, FIRST_REST, type FlowSpace } from "./flows/flow-space.ts";
import type { Lane } from "./flows/lane.ts";

/** Ranges that are written out for one dimension; where there are more, the first and their number are. */
const RANGES_AT_MOST = 8;

/**
 * Says which flows of a lane come to some terminals as a person would: boxes may overlap, so that each is as wide as the class allows.
 * `all` where the class is the whole lane; null where too many boxes would have to be named.
 *
 * @example
 * "uid 1337 or gid 1337" // where the complete text is "uid other than 1337, gid 1337; or uid 1337"
 */
export function describeBriefly(
  root: Diagram,
  terminals: ReadonlySet<Diagram>,
  lane: Lane,
  space: FlowSpace,
): string | null {
  const inClass = markClass(root, terminals, space);
  const boxes = listBoxes(inClass, space);
  if (countBoxes(inClass, space) > boxes.length) return null;
  const domain = findDomain(space, lane);
  const wide = boxes.map((box) => widenBox(clipBox(box, domain, space), inClass, domain, space));
  const kept = wide.filter(
    (box, i) => !wide.some((other, j) => holdsBox(other, box) && (j < i || !holdsBox(box, other))),
  );
  // What is said must be the class, no more and no less.
  if (uniteBoxes(kept, domain, space) !== inClass) return null;
  const texts = kept.map((box) => describeBox(box, domain, space)).toSorted(byFirstWord);
  return texts.includes("") ? "all" : texts.join(" or ");
}

/** Users come before groups, as in a flow's own text. */
function byFirstWord(one: string, other: string): number {
  const order = ["uid", "gid", "from", "to", "port", "where"];
  const rank = (text: string) => order.indexOf(text.split(" ", 1)[0] ?? "");
  return rank(one) - rank(other);
}

/** Leaves out dimensions in which a box is as wide as its lane. */
function clipBox(box: Box, domain: Box, space: FlowSpace): Box {
  const clipped = [...box].map(([variable, spans]) => [variable, clipSpans(variable, spans, space)] as const);
  return new Map(clipped.filter(([variable, spans]) => JSON.stringify(spans) !== JSON.stringify(domain.get(variable))));
}

/** Gives the box with every dimension left out that it can do without: what it holds then is still of the class. */
function widenBox(box: Box, inClass: Diagram, domain: Box, space: FlowSpace): Box {
  const wide = new Map(box);
  for (const [variable, spans] of box) {
    wide.delete(variable);
    if (!isInClass(wide, inClass, domain, space)) wide.set(variable, spans);
  }
  return wide;
}

/** Says whether every flow of the lane that is in a box is of the class. */
function isInClass(box: Box, inClass: Diagram, domain: Box, { diagrams }: FlowSpace): boolean {
  const outside = diagrams.terminal("out");
  const seen = new Set<Diagram>();
  const holds = (at: Diagram): boolean => {
    const variable = diagrams.variableOf(at);
    if (variable >= FIRST_REST || seen.has(at)) return at !== outside;
    seen.add(at);
    const spans = box.get(variable) ?? domain.get(variable) ?? EVERY_VALUE;
    return listBranches(diagrams.startsOf(at), spans).every((branch) =>
      holds(diagrams.childrenOf(at)[branch] ?? outside),
    );
  };
  return holds(inClass);
}

const EVERY_VALUE: Intervals = [[0, TERMINAL]];

/** Gives the branches of a node that some values take. */
function listBranches(starts: readonly number[], spans: Intervals): readonly number[] {
  const taken: number[] = [];
  let branch = 0;
  for (const [first, last] of spans) {
    while ((starts[branch + 1] ?? TERMINAL) <= first) branch++;
    for (; branch < starts.length && (starts[branch] ?? 0) <= last; branch++) taken.push(branch);
    // The next values may begin in the same branch.
    branch = Math.max(0, branch - 1);
  }
  return taken;
}

function uniteBoxes(boxes: readonly Box[], domain: Box, space: FlowSpace): Diagram {
  const { diagrams } = space;
  const [inside, outside] = [diagrams.terminal("in"), diagrams.terminal("out")];
  const cubes = boxes.map((box) => makeCube(space, [...new Map([...domain, ...box])], inside, outside));
  const either = (one: Diagram, other: Diagram) => (one === inside || other === inside ? inside : outside);
  return cubes.reduce((all, cube) => diagrams.combine(all, cube, either, openPairs(), { limit: FIRST_REST }), outside);
}

/** Says whether a box holds all of another. */
function holdsBox(wide: Box, narrow: Box): boolean {
  return [...wide].every(([variable, spans]) => {
    const own = narrow.get(variable);
    return own !== undefined && subtractIntervals(own, spans).length === 0;
  });
}

function describeBox(box: Box, domain: Box, space: FlowSpace): string {
  const inOrder = [...box].toSorted(([a], [b]) => a - b);
  return inOrder
    .map(([variable, spans]) => describeSpans(variable, spans, domain.get(variable) ?? [], space))
    .join(", ");
}

function describeSpans(variable: number, spans: Intervals, domain: Intervals, space: FlowSpace): string {
  if (variable >= DIMENSION.unknown)
    return `${spans[0]?.[0] === 1 ? "where" : "where not"} ${space.unknownText(variable)}`;
  const [name, axis] = nameOfDimension(variable, space);
  const gaps = subtractIntervals(domain, spans);
  const isShorter = gaps.length > 0 && gaps.length < spans.length;
  const isAddress = variable === DIMENSION.source || variable === DIMENSION.destination;
  const texts = (isShorter ? gaps : spans).map(([first, last]) => {
    const [[low], [, high]] = [axis.boundsOf(first), axis.boundsOf(last)];
    return isAddress ? describeAddresses(space.family, low, high) : describeNumbers(low, high);
  });
  const rest = texts.length > RANGES_AT_MOST ? ` and ${texts.length - RANGES_AT_MOST} more` : "";
  return `${name} ${isShorter ? "not " : ""}${texts.slice(0, RANGES_AT_MOST).join(", ")}${rest}`;
}

function describeNumbers(low: bigint, high: bigint): string {
  return low === high ? String(low) : `${low}-${high}`;
}

/** A network where the addresses are one. */
function describeAddresses(family: Family, low: bigint, high: bigint): string {
  if (low === high) return renderAddress(family, low);
  const size = high - low + 1n;
  const isNetwork = (size & (size - 1n)) === 0n && low % size === 0n;
  const bits = (family === 4 ? 32 : 128) - (size.toString(2).length - 1);
  return isNetwork
    ? `${renderAddress(family, low)}/${bits}`
    : `${renderAddress(family, low)}-${renderAddress(family, high)}`;
}
