import { isSilent, type Landing } from "../model/landing.ts";
import type { FlowRequest, Observation, Sandbox } from "../sandbox/sandbox.ts";
import type { Prediction } from "./prediction.ts";

/** Flows of one scenario share no socket and no token, so they can be in flight together: those that nobody answers share their wait. */
export const IN_FLIGHT = 192;

/**
 * How long a flow of the second look may stay silent. The kernel sends a lost SYN again after 1 s (RFC 6298), so each flow gets two
 * chances, with more time for a busy machine than at first; all of them wait together.
 */
const SECOND_LOOK_MS = 2_500;

/**
 * Gives the observations, after a second look at those silent landings that nobody predicted. `timed-out` and `unanswered` are known by
 * nothing being seen, so a machine that is too busy to look in time can feign them; what is expected of the flow plays no part. On such a
 * machine listeners also read requests too late to be believed: then the ends disagree, and those flows are looked at again as well. The
 * flows are driven together and share one wait, however many they are; `onSilence` is given their number first. Flows from a port of their
 * own that could not be observed are driven again one by one: two of them cannot have the same ends at the same time. Rules must be in.
 */
export async function lookAgain(
  flows: readonly FlowRequest[],
  observations: readonly Observation[],
  predictions: readonly Pick<Prediction, "landing">[],
  sandbox: Sandbox,
  onSilence: (flows: number) => void = () => {},
): Promise<readonly Observation[]> {
  const silent = flows
    .keys()
    .filter((i) => mustLookAgain(observations[i]?.landing, predictions[i]?.landing))
    .toArray();
  const clashing = flows
    .keys()
    .filter((i) => observations[i]?.landing.kind === "could-not-look" && flows[i]?.flow.from.port !== undefined)
    .filter((i) => !silent.includes(i))
    .toArray();
  if (silent.length > 0) onSilence(silent.length);
  const pick = (some: readonly number[]) => some.flatMap((i) => flows[i] ?? []);
  const together = pick(silent).map((flow) => ({ ...flow, connectTimeoutMs: SECOND_LOOK_MS }));
  const again = together.length > 0 ? await sandbox.drive(together, { inFlight: IN_FLIGHT }) : [];
  const alone = clashing.length > 0 ? await sandbox.drive(pick(clashing)) : [];
  return observations.map((observation, i) => again[silent.indexOf(i)] ?? alone[clashing.indexOf(i)] ?? observation);
}

/** Says whether what was seen of a flow may be a busy machine's fault, and is to be looked at a second time. */
export function mustLookAgain(seen: Landing | undefined, predicted: Landing | undefined): boolean {
  if (seen?.kind === "could-not-look") return seen.code === "ends-disagree";
  return isSilent(seen) && seen?.kind !== predicted?.kind;
}
