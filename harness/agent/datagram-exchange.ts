import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { getSystemErrorName } from "node:util";
import type { Landing } from "../model/landing.ts";
import type { DatagramEnds } from "./datagram-sockets.ts";
import { completeAnswer, readAnswer } from "./exchange.ts";
import type { Greeting } from "./greeting.ts";
import { makeFailureLanding, makeTimedOutLanding } from "./landings.ts";
import { type Endpoint, renderEndpoint } from "./socket-address.ts";
import { KERNEL, lastErrno, send } from "./syscalls.ts";

/** A pair of sockets that can exchange one datagram after another. */
export class DatagramExchange {
  readonly #target: Endpoint;
  readonly #what: string;
  readonly #fd: number;
  readonly #sockets: readonly Socket[];
  /** Given what comes in from here on; the first landing counts. */
  #onLanding: (landing: Landing) => void = () => {};
  #greeting: Greeting | null = null;
  #replyFrom: string | null = null;

  constructor({ fd, strayFd }: DatagramEnds, target: Endpoint) {
    this.#target = target;
    this.#what = `send a datagram to ${renderEndpoint(target)}`;
    this.#fd = fd;
    const type = target.address.includes(":") ? "udp6" : "udp4";
    const [connected, stray] = [createSocket(type), createSocket(type)];
    this.#sockets = [connected, stray];
    connected.on("message", (text) => this.#take(text.toString("latin1")));
    connected.on("error", (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    stray.on("message", (text, from) => this.#takeStray(text.toString("latin1"), from));
    stray.on("error", (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    connected.bind({ fd });
    stray.bind({ fd: strayFd });
  }

  /**
   * Sends the greeting and gives the landing that the far end answers, or the error that came back, or after `timeoutMs` `timed-out`, with
   * `replyFrom` where the only answer came from another end point than the one dialled. Rules that drop the datagram on its way out are no
   * reason to stop listening: a REJECT drops it too, and its ICMP error is still to come.
   */
  run(greeting: Greeting): Promise<Landing> {
    this.#greeting = greeting;
    this.#replyFrom = null;
    return new Promise((resolve) => {
      const settle = (landing: Landing) => {
        clearTimeout(timer);
        this.#onLanding = () => {};
        resolve(landing);
      };
      // Events that are already there come first: a busy thread must not make a time-out.
      const timer = setTimeout(() => setImmediate(() => this.#onLanding(this.#makeSilence())), greeting.timeoutMs);
      this.#onLanding = settle;
      const bytes = Buffer.from(`${JSON.stringify(greeting)}\n`, "latin1");
      const sent = Number(send(this.#fd, bytes, bytes.length, KERNEL.MSG_DONTWAIT));
      const errno = sent < 0 ? lastErrno() : 0;
      if (errno !== 0 && errno !== KERNEL.EPERM) this.#fail(getSystemErrorName(-errno));
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #makeSilence(): Landing {
    const landing = makeTimedOutLanding([]);
    return this.#replyFrom === null ? landing : { ...landing, replyFrom: this.#replyFrom };
  }

  #take(text: string): void {
    const greeting = this.#greeting;
    if (greeting === null) return;
    this.#onLanding(completeAnswer(readAnswer(text, greeting, this.#what), this.#target, greeting));
  }

  #takeStray(text: string, { address, port }: RemoteInfo): void {
    const isOurs = this.#greeting !== null && text.includes(JSON.stringify(this.#greeting.token));
    if (isOurs) this.#replyFrom = renderEndpoint({ address, port });
  }

  #fail(code: string): void {
    this.#onLanding(makeFailureLanding(code, [], this.#what));
  }
}
