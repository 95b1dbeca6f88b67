import { type Box, clipSpans, listBoxes } from "./class-boxes.ts";
import { markClass } from "./class-marks.ts";
import type { ClassifiedLane, FlowClass } from "./flows/flow-classes.ts";
import type { Path } from "./flows/flow-points.ts";
import type { FlowSpace } from "./flows/flow-space.ts";
import { UNTOUCHED } from "./pod/abstract-landing.ts";

/**
 * Gives a flow of each part of some classes: flows of one class are treated alike, but it may be another rule that does so, as one that
 * exempts a uid and one that exempts a gid. Left out are the classes' own examples, and flows that the sandbox's pod ends otherwise than
 * the class's own example.
 */
export function sampleParts(
  members: readonly FlowClass[],
  { diagram, space, witnessAt, answeredAt, explain }: ClassifiedLane,
): readonly FlowClass[] {
  const kindOf = (flowClass: FlowClass) => explain(flowClass, "answer").kind;
  return members.flatMap((member) => {
    const { terminal } = member;
    const boxes = listBoxes(markClass(diagram, new Set([terminal]), space), space);
    const kind = kindOf(member);
    // What nobody has does not answer as dialled.
    const sampleAt = kind === UNTOUCHED ? answeredAt : witnessAt;
    const witnesses = new Set(boxes.flatMap((box) => listPaths(box, space)).flatMap((path) => sampleAt(path) ?? []));
    // One flow is one witness in a lane, and that of the class has been asked already.
    witnesses.delete(member.witness);
    return [...witnesses].map((witness): FlowClass => ({ terminal, witness })).filter((part) => kindOf(part) === kind);
  });
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
