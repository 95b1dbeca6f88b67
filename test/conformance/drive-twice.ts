import { type Expectation, isLanding } from "../../harness/model/expectation.ts";
import { lookAgain } from "../../harness/run/second-look.ts";
import type { FlowRequest, Observation, Sandbox } from "../../harness/sandbox/sandbox.ts";

/**
 * Drives flows together, and those a second time, with more patience, that nobody answered although they must land: a busy machine can
 * feign silence, and a run looks twice, too. `wanted` are their landings in order, null where nothing is demanded. Rules must be in.
 */
export async function driveTwice(
  flows: readonly FlowRequest[],
  wanted: readonly (Expectation | null)[],
  sandbox: Sandbox,
  inFlight: number,
): Promise<readonly Observation[]> {
  const first = await sandbox.drive(flows, { inFlight });
  const landings = first.map(({ landing }, i) => {
    const expected = wanted[i] ?? null;
    return { landing: expected !== null && isLanding(expected) ? expected : landing };
  });
  return lookAgain(flows, first, landings, sandbox);
}
