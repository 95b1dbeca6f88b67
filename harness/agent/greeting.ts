import type { Manner } from "../model/flow.ts";
import type { Hop, Landing } from "../model/landing.ts";

/** The first line of a flow's connection, from who dials to who listens; `timeoutMs` is how long the listener may take, in milliseconds. */
export interface Greeting {
  readonly token: string;
  readonly manner: Manner;
  readonly timeoutMs: number;
  /** Passages through the stub so far. */
  readonly hops: readonly Hop[];
  /** Of a datagram: the end point that its socket is connected to, as {@link Seen.originalDestination} is written. */
  readonly dialled?: string;
}

/** Passages of one flow through the stub after which its landing is `loop`: the model's MAX_HOPS, of which the agent has types alone. */
export const HOPS_AT_MOST = 8;

/** The only line that the listener sends back: the token of the greeting, and the landing as it saw it. */
export interface Answer {
  readonly token: string;
  readonly landing: Landing;
}

/** Gives the time in milliseconds of the machine's monotonic clock (CLOCK_MONOTONIC), which all its processes share. */
export function readClock(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
