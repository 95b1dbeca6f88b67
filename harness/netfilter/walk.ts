import type { CompiledPod } from "./pod.ts";
import type { Recorder } from "./recorder.ts";
import type { PacketSurroundings } from "./surroundings.ts";

/** Everything that belongs to one connection's passage: what its packets may ask, the rules that they meet, and who listens to the way. */
export interface Walk extends PacketSurroundings {
  readonly pod: CompiledPod;
  /** Null where nobody wants to know the way: the fast case. */
  readonly recorder: Recorder | null;
}
