import type { CommandOutcome } from "../../agent/protocol.ts";
import type { Station } from "../station.ts";

/** How long a command that only looks may take. */
const LOOK_TIMEOUT_MS = 5_000;

/** Runs a command that only looks, in a station's network namespace. Throws what {@link AgentClient.call} throws. */
export function look({ agent, namespace }: Station, ...command: readonly string[]): Promise<CommandOutcome> {
  return agent.call("run", { namespace, command, environment: {}, stdin: "", timeoutMs: LOOK_TIMEOUT_MS });
}
