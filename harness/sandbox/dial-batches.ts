import type { Dial, DialResult } from "../agent/protocol.ts";
import { makeLanding } from "../model/landing.ts";
import type { AgentClient } from "./agent-client.ts";

/** A dial and the agent that is to make it. */
export interface PlannedDial {
  readonly agent: AgentClient;
  readonly dial: Dial;
}

/** Gives flows in as few batches as keep their order: a new one begins where the next flow starts from another agent. */
export function runsByAgent(dials: readonly PlannedDial[]): readonly (readonly PlannedDial[])[] {
  const runs: PlannedDial[][] = [];
  for (const dial of dials) {
    const last = runs.at(-1);
    if (last?.[0]?.agent === dial.agent) last.push(dial);
    else runs.push([dial]);
  }
  return runs;
}

/** Gives flows in one batch an agent; the order is kept within a batch alone. */
export function groupByAgent(dials: readonly PlannedDial[]): readonly (readonly PlannedDial[])[] {
  return [...Map.groupBy(dials, ({ agent }) => agent).values()];
}

/** Drives the flows of one agent; where the agent fails, each of them could not be looked at. */
export async function driveBatch(batch: readonly PlannedDial[], inFlight: number): Promise<readonly DialResult[]> {
  const dials = batch.map(({ dial }) => dial);
  try {
    const { results } = (await batch[0]?.agent.call("dial", { dials, inFlight })) ?? { results: [] };
    return results;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return dials.map(({ token }) => ({ token, landing: makeLanding("could-not-look", { cause }), durationMs: 0 }));
  }
}
