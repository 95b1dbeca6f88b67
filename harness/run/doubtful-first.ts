import { meetsExpectation } from "../model/expectation.ts";
import type { Observation, Sandbox } from "../sandbox/sandbox.ts";
import type { Prediction } from "./prediction.ts";
import type { BoundFlow } from "./scenario/bound-scenario.ts";
import { IN_FLIGHT } from "./second-look.ts";

/** Drives flows that the simulator lands elsewhere than demanded ahead of the others; gives the observations in the flows' order. */
export async function driveDoubtfulFirst(
  flows: readonly BoundFlow[],
  predictions: readonly Prediction[],
  sandbox: Sandbox,
): Promise<readonly Observation[]> {
  const isDoubtful = (i: number) => {
    const [flow, predicted] = [flows[i], predictions[i]];
    return flow !== undefined && predicted !== undefined && !meetsExpectation(flow.expected, predicted.landing);
  };
  const order = [...flows.keys()].sort((a, b) => Number(isDoubtful(b)) - Number(isDoubtful(a)));
  const requests = order.flatMap((i) => flows[i] ?? []);
  const seen = await sandbox.drive(requests, { inFlight: IN_FLIGHT });
  return flows.map((_, i) => seen[order.indexOf(i)]).filter((each) => each !== undefined);
}
