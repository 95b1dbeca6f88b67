import type { Dial, DialResult } from "../../agent/protocol.ts";
import { describeError } from "../../errors.ts";
import { makeBlind } from "../../model/landing.ts";
import type { AgentClient } from "./agent-client.ts";

/** A dial and the agent that is to make it. */
export interface PlannedDial {
  readonly agent: AgentClient;
  readonly dial: Dial;
}

/**
 * Drives flows, at most `inFlight` at a time, and gives their results in any order. One at a time they go in the order given; otherwise
 * each agent has its share of `inFlight`, and agents go on beside each other. Never throws: flows of an agent that fails are
 * `could-not-look`.
 */
export async function driveAll(dials: readonly PlannedDial[], inFlight: number): Promise<readonly DialResult[]> {
  const groups = [...Map.groupBy(dials, ({ agent }) => agent).values()];
  const share = Math.floor(inFlight / Math.max(groups.length, 1));
  if (share > 0) return (await Promise.all(groups.map((group) => driveBatch(group, share)))).flat();
  const results: DialResult[] = [];
  for (const run of runsByAgent(dials)) results.push(...(await driveBatch(run, inFlight)));
  return results;
}

/** Gives flows in as few batches as keep their order: a new one begins where the next flow starts from another agent. */
function runsByAgent(dials: readonly PlannedDial[]): readonly (readonly PlannedDial[])[] {
  const runs: PlannedDial[][] = [];
  for (const dial of dials) {
    const last = runs.at(-1);
    if (last?.[0]?.agent === dial.agent) last.push(dial);
    else runs.push([dial]);
  }
  return runs;
}

async function driveBatch(batch: readonly PlannedDial[], inFlight: number): Promise<readonly DialResult[]> {
  const dials = batch.map(({ dial }) => dial);
  try {
    const { results } = (await batch[0]?.agent.call("dial", { dials, inFlight }, batchTimeoutMs(dials, inFlight))) ?? {
      results: [],
    };
    return results;
  } catch (error) {
    const cause = describeError(error);
    return dials.map(({ token }) => makeBlindResult(token, cause));
  }
}

/** How long a flow may take that connects only at the last moment and is never answered: the agent itself gives it up before. */
const UNANSWERED_MS = 5_000;
const SLACK_MS = 10_000;

/** Gives the time after which an agent must have driven a batch, were every flow in it of the slowest kind. */
function batchTimeoutMs(dials: readonly Dial[], inFlight: number): number {
  const slowestMs = Math.max(...dials.map(({ timeoutMs }) => timeoutMs)) + UNANSWERED_MS;
  return Math.ceil(dials.length / inFlight) * slowestMs + SLACK_MS;
}

/** Gives the result of a flow that was not driven. */
export function makeBlindResult(token: string, cause: string): DialResult {
  return { token, landing: makeBlind("no-observation", cause), local: null, durationMs: 0, endedAtMs: 0 };
}
