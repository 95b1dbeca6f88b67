import type { AgentClient } from "./agent-client.ts";

/** Waits until each agent has told all that its listeners saw. Gives why one cannot tell; null where all have. */
export async function syncAgents(agents: readonly AgentClient[]): Promise<string | null> {
  const ends = await Promise.allSettled(agents.map((agent) => agent.call("sync", {})));
  const failure = ends.find((end) => end.status === "rejected");
  return failure ? (failure.reason as Error).message : null;
}
