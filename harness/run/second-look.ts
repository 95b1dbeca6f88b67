import { isSilent } from "../model/landing.ts";
import type { FlowRequest, Observation, Sandbox } from "../sandbox/sandbox.ts";
import type { Prediction } from "./prediction.ts";

/** Silent flows cost the machine nothing while they wait. */
const IN_FLIGHT = 32;

/**
 * Gives the observations, those silent landings looked at once more that nobody predicted. `timed-out` and `unanswered` are known by
 * nothing being seen, so that a machine too busy to look in time can feign them; what is expected of the flow plays no part. Flows that
 * are silent share their wait: they are driven together. Rules must be in.
 */
export async function lookAgain(
  flows: readonly FlowRequest[],
  observations: readonly Observation[],
  predictions: readonly Pick<Prediction, "landing">[],
  sandbox: Sandbox,
): Promise<readonly Observation[]> {
  const isDoubtful = (i: number) =>
    isSilent(observations[i]?.landing) && observations[i]?.landing.kind !== predictions[i]?.landing.kind;
  const doubtful = flows.flatMap((_, i) => (isDoubtful(i) ? [i] : []));
  if (doubtful.length === 0) return observations;
  const again = await sandbox.drive(
    doubtful.flatMap((i) => flows[i] ?? []),
    { inFlight: IN_FLIGHT },
  );
  return observations.map((observation, i) => again[doubtful.indexOf(i)] ?? observation);
}
