import type { Hook } from "../model/hook.ts";
import type { Match } from "../model/match.ts";
import type { Verdict } from "../model/trace.ts";
import type { CompiledChain, CompiledRule } from "./compiled-chain.ts";
import type { Packet } from "./packet.ts";

/** What is told of every rule and policy that a packet meets. */
export interface Recorder {
  /** A rule did not match: `failed` is its first match that did not hold. Null: nobody wants to know of these. */
  readonly passOver: ((hook: Hook, rule: CompiledRule, packet: Packet, failed: Match | undefined) => void) | null;
  /** A rule matched. */
  take(hook: Hook, rule: CompiledRule, packet: Packet, verdict: Verdict): void;
  /** A packet came out of a built-in chain undecided, and the policy held. */
  policy(hook: Hook, chain: CompiledChain, packet: Packet): void;
}
