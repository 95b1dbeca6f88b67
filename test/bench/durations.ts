import type { Landing } from "../../harness/model/landing.ts";
import type { Observation } from "../../harness/sandbox/sandbox.ts";

/** Gives how long each flow took, in milliseconds. Throws if one landed elsewhere: a flow that did not land is no measurement. */
export function listDurationsMs(
  seen: readonly Observation[],
  isExpected: (landing: Landing) => boolean,
): readonly number[] {
  return seen.map(({ landing, durationMs }) => {
    if (!isExpected(landing)) throw new Error(`a flow of the bench landed on ${landing.kind}: ${landing.cause}`);
    return durationMs;
  });
}
