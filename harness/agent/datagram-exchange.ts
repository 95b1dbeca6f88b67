import { getSystemErrorName } from "node:util";
import type { Landing } from "../model/landing.ts";
import type { DatagramCrew } from "./datagram-crew.ts";
import { type Incoming, receiveIncoming } from "./datagram-message.ts";
import type { DatagramEnds } from "./datagram-sockets.ts";
import { completeAnswer, readAnswer } from "./exchange.ts";
import type { Greeting } from "./greeting.ts";
import { makeFailureLanding, makeTimedOutLanding } from "./landings.ts";
import { type Endpoint, renderEndpoint } from "./socket-address.ts";
import { KERNEL, lastErrno, send } from "./syscalls.ts";
import { waitForFiles } from "./wait-for-files.ts";

/** How long the calling thread itself waits for an answer. */
const EARLY_MS = 5;

/** A pair of sockets that can exchange one datagram after another; the sockets are its own, and closed with it. */
export class DatagramExchange {
  readonly #ends: DatagramEnds;
  readonly #target: Endpoint;
  readonly #what: string;
  readonly #crew: DatagramCrew;
  /** Of exchanges that are over: answers to them are late, or copies. */
  readonly #formerTokens: string[] = [];

  constructor(ends: DatagramEnds, target: Endpoint, crew: DatagramCrew) {
    this.#ends = ends;
    this.#target = target;
    this.#what = `send a datagram to ${renderEndpoint(target)}`;
    this.#crew = crew;
  }

  /**
   * Sends the greeting and gives the landing that the far end answers, or the error that came back, or after `timeoutMs` `timed-out`, with
   * `replyFrom` where the only answer came from another end point than the one dialled. EPERM says that rules dropped the datagram on its
   * way out, and is no reason to stop listening: a REJECT drops it too, and its ICMP error is still to come. `alone`: no other flow is
   * under way, so that this thread may wait for the answer itself for a moment.
   */
  run(greeting: Greeting, company: "alone" | "beside-others"): Promise<Landing> {
    const { fd, strayFd } = this.#ends;
    const bytes = Buffer.from(`${JSON.stringify(greeting)}\n`, "latin1");
    return new Promise<Landing>((resolve) => {
      let replyFrom: string | null = null;
      const timer = setTimeout(() => {
        // What is already there comes first: a busy thread must not make a time-out.
        void this.#crew
          .flush()
          .then(() => resolve({ ...makeTimedOutLanding([]), ...(replyFrom === null ? {} : { replyFrom }) }));
      }, greeting.timeoutMs);
      const settle = (landing: Landing) => {
        clearTimeout(timer);
        resolve(landing);
      };
      const sent = Number(send(fd, bytes, bytes.length, KERNEL.MSG_DONTWAIT));
      const errno = sent < 0 ? lastErrno() : 0;
      if (errno !== 0 && errno !== KERNEL.EPERM) return settle(this.#fail(errno));
      const take = (at: number, incoming: Incoming) => {
        if ("errno" in incoming) settle(this.#fail(incoming.errno));
        else if (this.#formerTokens.some((token) => isAbout(incoming, token))) this.#crew.await([at], take);
        else if (at === fd) settle(this.#read(incoming.text, greeting));
        else if (isAbout(incoming, greeting.token)) replyFrom = renderEndpoint(incoming.source);
      };
      const early = company === "alone" ? receiveEarly(fd) : null;
      if (early === null) this.#crew.await([fd, strayFd], take);
      else take(fd, early);
    }).finally(() => this.#formerTokens.push(greeting.token));
  }

  close(): void {
    this.#crew.release([this.#ends.fd, this.#ends.strayFd]);
  }

  #read(text: string, greeting: Greeting): Landing {
    return completeAnswer(readAnswer(text, greeting, this.#what), this.#target, greeting);
  }

  #fail(errno: number): Landing {
    return makeFailureLanding(getSystemErrorName(-errno), [], this.#what);
  }
}

/**
 * Gives what comes in at a socket within a moment. Whoever answers is another thread, and two turns of threads cost more than the answer
 * itself.
 */
function receiveEarly(fd: number): Incoming | null {
  return waitForFiles([fd], EARLY_MS).has(fd) ? receiveIncoming(fd) : null;
}

function isAbout({ text }: Extract<Incoming, { readonly text: string }>, token: string): boolean {
  return text.includes(JSON.stringify(token));
}
