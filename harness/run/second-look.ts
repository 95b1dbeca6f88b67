import type { FlowRequest, Observation, Sandbox } from "../sandbox/sandbox.ts";
import type { Prediction } from "./prediction.ts";

/** Flows of one scenario share no socket and no token, so that this many can be driven at the same time. */
export const IN_FLIGHT = 64;

/**
 * How long a flow of the second look may stay silent. The kernel sends a lost SYN again after 1 s (RFC 6298), so each flow gets two
 * chances, with more time for a busy machine than at first; all of them wait together.
 */
const SECOND_LOOK_MS = 2_500;

/**
 * Gives the observations, after a second look at those time-outs that nobody predicted. A time-out is the one landing that is known by
 * nothing being seen, so a machine that is too busy to look in time can feign it; what is expected of the flow plays no part. The flows
 * are driven together and share one wait, however many they are; `onSilence` is given their number first. Rules must be in.
 */
export async function lookAgain(
  flows: readonly FlowRequest[],
  observations: readonly Observation[],
  predictions: readonly Pick<Prediction, "landing">[],
  sandbox: Sandbox,
  onSilence: (flows: number) => void = () => {},
): Promise<readonly Observation[]> {
  const isDoubtful = (i: number) =>
    observations[i]?.landing.kind === "timed-out" && predictions[i]?.landing.kind !== "timed-out";
  const doubtful = flows.flatMap((_, i) => (isDoubtful(i) ? [i] : []));
  if (doubtful.length === 0) return observations;
  onSilence(doubtful.length);
  const requests = doubtful.flatMap((i) => (flows[i] ? [{ ...flows[i], connectTimeoutMs: SECOND_LOOK_MS }] : []));
  const again = await sandbox.drive(requests, { inFlight: IN_FLIGHT });
  return observations.map((observation, i) => again[doubtful.indexOf(i)] ?? observation);
}
