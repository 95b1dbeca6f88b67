import type { Diagram } from "./diagrams/diagrams.ts";
import { openPairs } from "./diagrams/pairs.ts";
import { FIRST_REST } from "./flows/flow-space.ts";
import type { Lane } from "./flows/lane.ts";
import type { Partition } from "./flows/partition.ts";

/** The terminal of what two rule sets treat alike. */
export const SAME = "same";

/**
 * Gives the lane's flows by what both rule sets do with them. Those that both treat the same are in one terminal where the pod is the same;
 * in two pods they may land differently all the same, since others listen there.
 */
export function findSuspicious(lane: Lane, partition: Partition, around: "same-pod" | "two-pods"): Diagram {
  const { space, sign, tellSent, ground, join } = partition;
  const { diagrams } = space;
  const [first = partition.outside, second = partition.outside] = sign(lane).map(tellSent);
  const same = diagrams.terminal(SAME);
  const pair = diagrams.combine(
    first,
    second,
    (a, b) => (a === b && around === "same-pod" ? same : diagrams.terminal(`${a} or ${b}`)),
    openPairs(),
    { limit: FIRST_REST, shortcut: (a, b) => (a === b && around === "same-pod" ? same : undefined) },
  );
  const isSettled = (terminal: Diagram) => terminal === same || terminal === partition.outside;
  const divide = (cut: Diagram, part: Diagram) =>
    diagrams.combine(cut, part, (a, b) => (isSettled(a) ? a : join(a, b)), openPairs(), {
      limit: FIRST_REST,
      shortcut: (a) => (isSettled(a) ? a : undefined),
    });
  return ground.reduce(divide, partition.restrict(pair, lane));
}
