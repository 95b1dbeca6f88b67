import { type Box, clipSpans, listBoxes } from "./class-boxes.ts";
import { markClass } from "./class-marks.ts";
import type { ClassifiedLane, FlowClass } from "./flows/flow-classes.ts";
import type { Path } from "./flows/flow-points.ts";
import type { FlowSpace } from "./flows/flow-space.ts";

/**
 * Gives a flow of each part of some classes: flows of one class are treated alike, but it may be another rule that does so, as one that
 * exempts a uid and one that exempts a gid. Left out are the classes' own examples, and flows that the sandbox's pod ends otherwise than
 * the class's own example.
 */
export function sampleParts(
  members: readonly FlowClass[],
  { diagram, space, witnessAt, explain }: ClassifiedLane,
): readonly FlowClass[] {
  const kindOf = (flowClass: FlowClass) => explain(flowClass, "answer").kind;
  return members.flatMap((member) => {
    const { terminal } = member;
    const boxes = listBoxes(markClass(diagram, new Set([terminal]), space), space);
    const witnesses = new Set(boxes.flatMap((box) => listPaths(box, space)).map(witnessAt));
    const parts = [...witnesses].map((witness): FlowClass => ({ terminal, witness }));
    const kind = kindOf(member);
    const own = nameWitness(member);
    return parts.filter((part) => nameWitness(part) !== own && kindOf(part) === kind);
  });
}

/** Names a flow with what is assumed for it, so that none is simulated twice. */
function nameWitness({ witness: { flow, assumed } }: FlowClass): string {
  const { from, to } = flow;
  return JSON.stringify([from, to, ...[...assumed].toSorted(([one], [other]) => (one < other ? -1 : 1))]);
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
