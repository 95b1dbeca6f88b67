import type { Hook } from "../model/hook.ts";
import type { Match } from "../model/match.ts";
import type { Verdict } from "../model/trace.ts";
import type { CompiledChain, CompiledRule } from "./compiled-chain.ts";
import type { Packet } from "./packet.ts";

/** Matches that look at nothing but the fields of a packet itself. */
export const HEADER_MATCHES: ReadonlySet<Match["kind"]> = new Set<Match["kind"]>([
  "protocol",
  "source",
  "destination",
  "in-interface",
  "out-interface",
]);

/** What is told of every rule and policy that a packet meets. */
export interface Recorder {
  /** A rule did not match: `failed` is its first match that did not hold. Null: nobody wants to know of these. */
  readonly passOver: ((hook: Hook, rule: CompiledRule, packet: Packet, failed: Match | undefined) => void) | null;
  /**
   * Rules in a row that ask for a destination in another network than the packet's were not tried: one of their matches up to that one does
   * not hold, and all of those look at the packet's header alone. Where this is absent, each rule is tried for `passOver`.
   */
  readonly passBy?: (hook: Hook, rules: readonly CompiledRule[], packet: Packet) => void;
  /** A rule matched. */
  take(hook: Hook, rule: CompiledRule, packet: Packet, verdict: Verdict): void;
  /** A packet came out of a built-in chain undecided, and the policy held. */
  policy(hook: Hook, chain: CompiledChain, packet: Packet): void;
}
