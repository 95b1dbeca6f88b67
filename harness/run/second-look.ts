import type { FlowRequest, Observation, Sandbox } from "../sandbox/sandbox.ts";
import type { Prediction } from "./prediction.ts";

/** Flows of one scenario share no socket and no token, so they can be in flight together: those that nobody answers share their wait. */
export const IN_FLIGHT = 192;

/**
 * Gives the observations, those time-outs looked at once more that nobody predicted. A time-out is the one landing that is known by nothing
 * being seen, so that a machine too busy to look in time can feign it; what is expected of the flow plays no part. So are flows from a port
 * of their own that could not be looked at: two of them cannot have the same ends at the same time. Rules must be in.
 */
export async function lookAgain(
  flows: readonly FlowRequest[],
  observations: readonly Observation[],
  predictions: readonly Pick<Prediction, "landing">[],
  sandbox: Sandbox,
): Promise<readonly Observation[]> {
  const isDoubtful = (i: number) => {
    const seen = observations[i]?.landing.kind;
    if (seen === "could-not-look") return flows[i]?.flow.from.port !== undefined;
    return seen === "timed-out" && predictions[i]?.landing.kind !== "timed-out";
  };
  const doubtful = flows.flatMap((_, i) => (isDoubtful(i) ? [i] : []));
  if (doubtful.length === 0) return observations;
  const again = await sandbox.drive(doubtful.flatMap((i) => flows[i] ?? []));
  return observations.map((observation, i) => again[doubtful.indexOf(i)] ?? observation);
}
