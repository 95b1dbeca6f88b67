import type { AgentClient } from "./agent-client.ts";
import type { PodEvidence } from "./sandbox.ts";
import type { Station } from "./station.ts";

/** How long a command that only looks may take. */
const TIMEOUT_MS = 5_000;

/** Gives what the kernel tells of a pod's network namespace, by the tools there are; what a tool complains of stands in its text. */
export async function gatherEvidence(
  { agent, namespace }: Station,
  agents: readonly AgentClient[],
): Promise<PodEvidence> {
  const run = async (command: string) => {
    const spec = { namespace, command: ["sh", "-c", command], environment: {}, stdin: "", timeoutMs: TIMEOUT_MS };
    const { stdout, stderr } = await agent.call("run", spec);
    return stdout + stderr;
  };
  return {
    sockets: await run("ss -tanp"),
    connections: await run("cat /proc/net/nf_conntrack"),
    agents: agents.flatMap(({ name, journal }) => journal.map((line) => `${name}: ${line}\n`)).join(""),
    routing: await run("for f in -4 -6; do ip $f rule; ip $f route show table all; done; ip addr"),
  };
}
