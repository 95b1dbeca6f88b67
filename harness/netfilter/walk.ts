import type { Hook } from "../model/hook.ts";
import type { Match } from "../model/match.ts";
import type { Verdict } from "../model/trace.ts";
import type { CompiledChain, CompiledRule } from "./chain.ts";
import type { Entry } from "./conntrack.ts";
import type { Oracle } from "./oracle.ts";
import type { Packet } from "./packet.ts";
import type { Pod } from "./pod.ts";
import type { Socket } from "./sockets.ts";

/** What is told of every rule and policy that a packet meets. */
export interface Recorder {
  /** A rule did not match: `failed` is its first match that did not hold. */
  passOver(hook: Hook, rule: CompiledRule, packet: Packet, failed: Match | undefined): void;
  /** A rule matched. */
  take(hook: Hook, rule: CompiledRule, packet: Packet, verdict: Verdict): void;
  /** A packet came out of a built-in chain undecided, and the policy held. */
  policy(hook: Hook, chain: CompiledChain, packet: Packet): void;
}

/** Everything that belongs to one connection's passage: what conntrack holds, what is not known, and who listens to the way. */
export interface Walk {
  readonly pod: Pod;
  readonly entries: Entry[];
  readonly oracle: Oracle;
  /** Null where nobody wants to know the way: the fast case. */
  readonly recorder: Recorder | null;
  /** Sockets that this connection has made in the pod, for `-m socket` and TPROXY. */
  readonly sockets: Socket[];
}
