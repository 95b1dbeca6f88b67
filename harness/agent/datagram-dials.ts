import { getSystemErrorName } from "node:util";
import type { Landing } from "../model/landing.ts";
import type { DatagramCrew } from "./datagram-crew.ts";
import { DatagramExchange } from "./datagram-exchange.ts";
import { openDatagramEnds } from "./datagram-sockets.ts";
import { describeError } from "./fault.ts";
import { type Greeting, readClock } from "./greeting.ts";
import { runInRole } from "./identity.ts";
import { makeBlindLanding, makeFailureLanding } from "./landings.ts";
import type { Dial, DialResult } from "./protocol.ts";
import { renderEndpoint } from "./socket-address.ts";

/** A flow of UDP to be driven, and the descriptor of the namespace that it starts in; null for the agent's own. */
export interface DatagramDial {
  readonly dial: Dial;
  readonly namespace: number | null;
}

/** Flows that are sent before the answer to the first of them is waited for. */
export const SENT_TOGETHER = 200;
/**
 * How long after the first of them the calling thread itself waits for answers; it looks once for those of the rest. Who is silent then is
 * waited for elsewhere.
 */
const EARLY_MS = 5;

/**
 * Flows that are sent together share one time-out, which begins with the first of them; but each has all of it but this part for itself. So
 * any number of silent flows cost one time-out.
 */
const SHARED_PART = 1 / 14;

/**
 * Drives flows of UDP at the same time, 200 at most, and gives what became of each, in order: its result, or a promise of the result of one
 * that is silent so far. Never throws for a flow's sake. The crew must have been started.
 * `togetherSince`: when, on `performance`'s clock, the first flow was begun of all that share a time-out.
 */
export function sendDatagrams(
  dials: readonly DatagramDial[],
  crew: DatagramCrew,
  togetherSince: number,
): readonly (DialResult | Promise<DialResult>)[] {
  const deadline = performance.now() + EARLY_MS;
  const sent = dials.map((each) => sendFirst(each, crew, togetherSince));
  return sent.map((each) => (isUnderWay(each) ? each.receive(Math.max(0, deadline - performance.now())) : each));
}

function isUnderWay(flow: DialResult | DatagramFlow): flow is DatagramFlow {
  return flow instanceof DatagramFlow;
}

/** Only making the sockets needs their namespace and owner: both are the sockets' for their life. */
function sendFirst(
  { dial, namespace }: DatagramDial,
  crew: DatagramCrew,
  togetherSince: number,
): DialResult | DatagramFlow {
  const start = performance.now();
  const { owner, source, sourcePort: port, mark } = dial;
  try {
    const protocol = dial.protocol === "icmp" ? "icmp" : "udp";
    const ends = runInRole(namespace, owner, () => openDatagramEnds(dial, source, { port, mark }, protocol));
    if ("errno" in ends) {
      const landing = makeFailureLanding(getSystemErrorName(-ends.errno), [], describeDial(dial));
      return makeResult(dial, landing, null, start);
    }
    const flow = new DatagramFlow(
      dial,
      new DatagramExchange(ends, dial, crew, protocol),
      renderEndpoint(ends.local),
      start,
    );
    flow.send(togetherSince);
    return flow;
  } catch (error) {
    return makeResult(dial, makeBlind(dial, error), null, start);
  }
}

/** A flow whose sockets are open. */
class DatagramFlow {
  readonly #dial: Dial;
  readonly #exchange: DatagramExchange;
  readonly #local: string;
  readonly #start: number;
  readonly #greeting: Greeting;
  #failure: Landing | null = null;
  #waitsUntil = 0;

  constructor(dial: Dial, exchange: DatagramExchange, local: string, start: number) {
    this.#dial = dial;
    this.#exchange = exchange;
    this.#local = local;
    this.#start = start;
    this.#greeting = this.#greet(dial.exchange === "again" ? `${dial.token} first` : dial.token);
  }

  /** Sends the flow's first datagram. `togetherSince`: when the first of the flows that share a time-out was begun. */
  send(togetherSince: number): void {
    const { timeoutMs, manner } = this.#dial;
    const now = performance.now();
    // A proxy that passes it on needs its own time to hear nothing, and says so.
    this.#waitsUntil =
      timeoutMs + (manner === "forward" ? now : Math.max(togetherSince, now - timeoutMs * SHARED_PART));
    this.#failure = this.#exchange.send(this.#greeting);
  }

  /** Gives its end if that comes within `waitMs`, or a promise of it. */
  receive(waitMs: number): DialResult | Promise<DialResult> {
    const landing = this.#failure ?? this.#exchange.receiveNow(this.#greeting, waitMs);
    if (landing === null || this.#dial.exchange === "again") return this.#receiveLater(landing);
    return this.#end(landing);
  }

  async #receiveLater(early: Landing | null): Promise<DialResult> {
    try {
      const landing = early ?? (await this.#receive(this.#greeting, this.#waitsUntil - performance.now()));
      if (this.#dial.exchange === "first") return this.#end(landing);
      this.#exchange.end(this.#greeting);
      const greeting = this.#greet(this.#dial.token);
      const failure = this.#exchange.send(greeting) ?? this.#exchange.receiveNow(greeting, EARLY_MS);
      return this.#end(failure ?? (await this.#receive(greeting, greeting.timeoutMs)));
    } catch (error) {
      return this.#end(makeBlind(this.#dial, error));
    }
  }

  #receive(greeting: Greeting, waitMs: number): Promise<Landing> {
    return new Promise((resolve) => {
      this.#exchange.receiveLater(greeting, waitMs, resolve);
    });
  }

  #end(landing: Landing): DialResult {
    this.#exchange.close();
    return makeResult(this.#dial, landing, this.#local, this.#start);
  }

  #greet(token: string): Greeting {
    const { manner, timeoutMs } = this.#dial;
    return { token, manner, timeoutMs, hops: [] };
  }
}

function makeResult({ token }: Dial, landing: Landing, local: string | null, start: number): DialResult {
  return { token, landing, local, durationMs: performance.now() - start, endedAtMs: readClock() };
}

function describeDial({ address, port, source }: Dial): string {
  return `send a datagram to ${renderEndpoint({ address, port })}${source === null ? "" : ` from ${source}`}`;
}

function makeBlind(dial: Dial, error: unknown): Landing {
  return makeBlindLanding("socket-failed", `cannot ${describeDial(dial)}: ${describeError(error)}`);
}
