import type { AgentClient } from "../agents/agent-client.ts";
import type { PodEvidence } from "../sandbox.ts";
import type { Station } from "../station.ts";
import { look } from "./look.ts";

const ROUTING_COMMANDS = [
  "ip -4 rule",
  "ip -4 route show table all",
  "ip -6 rule",
  "ip -6 route show table all",
  "ip -o addr",
];

/** Gives what the kernel tells of a pod's network namespace, by the tools there are; what a tool complains of stands in its text. */
export async function gatherEvidence(pod: Station, agents: readonly AgentClient[]): Promise<PodEvidence> {
  const run = async (command: string) => {
    const { stdout, stderr } = await look(pod, "sh", "-c", command);
    return stdout + stderr;
  };
  return {
    sockets: await run("ss -tanp"),
    connections: await run("cat /proc/net/nf_conntrack"),
    agents: agents.flatMap(({ name, journal }) => journal.map((line) => `${name}: ${line}\n`)).join(""),
    routing: await run(ROUTING_COMMANDS.map((command) => `echo "# ${command}"; ${command}`).join("; ")),
  };
}
