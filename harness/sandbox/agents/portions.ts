import type { FlowRequest, Observation } from "../sandbox.ts";

/** Flows that an agent is given in one call: it keeps some 13 KB of each until they are told, and its memory is bounded. */
const AT_ONCE = 1500;

/** Drives many flows a portion at a time; gives the observations in the flows' order. */
export async function driveInPortions(
  requests: readonly FlowRequest[],
  drive: (some: readonly FlowRequest[]) => Promise<readonly Observation[]>,
): Promise<readonly Observation[]> {
  const seen: Observation[] = [];
  for (let at = 0; at < requests.length; at += AT_ONCE) seen.push(...(await drive(requests.slice(at, at + AT_ONCE))));
  return seen;
}
