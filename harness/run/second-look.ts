import type { FlowRequest, Observation, Sandbox } from "../sandbox/sandbox.ts";
import type { Prediction } from "./prediction.ts";

/** Flows of one scenario share no socket and no token, so they can be in flight together. */
export const IN_FLIGHT = 64;

/**
 * Gives the observations, those time-outs looked at once more that nobody predicted. A time-out is the one landing that is known by nothing
 * being seen, so that a machine too busy to look in time can feign it; what is expected of the flow plays no part. Rules must be in.
 */
export async function lookAgain(
  flows: readonly FlowRequest[],
  observations: readonly Observation[],
  predictions: readonly Pick<Prediction, "landing">[],
  sandbox: Sandbox,
): Promise<readonly Observation[]> {
  const isDoubtful = (i: number) =>
    observations[i]?.landing.kind === "timed-out" && predictions[i]?.landing.kind !== "timed-out";
  const doubtful = flows.flatMap((_, i) => (isDoubtful(i) ? [i] : []));
  if (doubtful.length === 0) return observations;
  const again = await sandbox.drive(doubtful.flatMap((i) => flows[i] ?? []));
  return observations.map((observation, i) => again[doubtful.indexOf(i)] ?? observation);
}
