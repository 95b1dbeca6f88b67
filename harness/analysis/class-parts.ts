import { type Box, clipSpans, listBoxes } from "./class-boxes.ts";
import { markClass } from "./class-marks.ts";
import type { ClassifiedLane, FlowClass } from "./flows/flow-classes.ts";
import type { Path } from "./flows/flow-points.ts";
import type { FlowSpace } from "./flows/flow-space.ts";
import type { Witness } from "./flows/witness.ts";
import { UNTOUCHED } from "./pod/abstract-landing.ts";

/**
 * Gives a flow of each part of some classes: flows that the rules treat alike may be treated so by different rules, as by one that exempts
 * a uid and one that exempts a gid. Left out are the classes' own examples, and flows that the sandbox's pod ends otherwise than these.
 */
export function sampleParts(members: readonly FlowClass[], classified: ClassifiedLane): readonly Witness[] {
  const alike = Map.groupBy(members, classified.treatmentOf);
  return [...alike.values()].flatMap((classes) => sampleAlike(classes, classified));
}

function sampleAlike(
  members: readonly FlowClass[],
  { diagram, space, witnessAt, answeredAt, explain }: ClassifiedLane,
): readonly Witness[] {
  const kindOf = (witness: Witness) => explain({ witness }, "answer").kind;
  const kinds = new Set(members.map(({ witness }) => kindOf(witness)));
  const boxes = listBoxes(markClass(diagram, new Set(members.map(({ terminal }) => terminal)), space), space);
  // What nobody has does not answer as dialled.
  const sampleAt = kinds.has(UNTOUCHED) ? answeredAt : witnessAt;
  const witnesses = new Set(boxes.flatMap((box) => listPaths(box, space)).flatMap((path) => sampleAt(path) ?? []));
  // One flow is one witness in a lane, and those of the classes have been asked already.
  for (const { witness } of members) witnesses.delete(witness);
  return [...witnesses].filter((witness) => kinds.has(kindOf(witness)));
}

/** Gives paths that take each range of a box, one dimension at a time. */
function listPaths(box: Box, space: FlowSpace): readonly Path[] {
  const clipped = [...box].map(([variable, spans]) => [variable, clipSpans(variable, spans, space)] as const);
  const first: Path = new Map(clipped.flatMap(([variable, [span]]) => (span ? [[variable, span] as const] : [])));
  const others = clipped.flatMap(([variable, [, ...spans]]) =>
    spans.map((span) => new Map([...first, [variable, span]])),
  );
  return [first, ...others];
}
