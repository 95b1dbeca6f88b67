import { PassThrough } from "node:stream";
import type { AgentStreams } from "../agents/agent-client.ts";
import type { EngineLink } from "./engine-link.ts";
import { splitFrames } from "./frames.ts";

/** The streams of a container's first process. */
export interface AttachedAgent extends AgentStreams {
  /** Lets go of the streams; a container that is kept goes on without them. */
  readonly detach: () => void;
}

/** Attaches to a container, started or not; what its process says from now on is heard. Rejects with the engine's refusal. */
export async function attachAgent(link: Pick<EngineLink, "attach">, id: string): Promise<AttachedAgent> {
  const stream = await link.attach(id);
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  splitFrames(stream, stdout, stderr);
  stdin.pipe(stream);
  return { stdin, stdout, stderr, detach: () => stream.destroy() };
}
