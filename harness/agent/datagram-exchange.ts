import { getSystemErrorName } from "node:util";
import type { Landing } from "../model/landing.ts";
import { type Incoming, receiveIncoming } from "./datagram-message.ts";
import type { DatagramEnds } from "./datagram-sockets.ts";
import { encodeRequest, textOfReply } from "./echo-message.ts";
import { completeAnswer, readAnswer } from "./exchange.ts";
import type { Greeting } from "./greeting.ts";
import { makeFailureLanding, makeRepliedLanding, makeTimedOutLanding } from "./landings.ts";
import { parseGreeting } from "./listener.ts";
import { type Endpoint, familyOfText, renderEndpoint } from "./socket-address.ts";
import { close, KERNEL, lastErrno, send } from "./syscalls.ts";
import { waitForFiles } from "./wait-for-files.ts";

/** How an exchange waits beside others, in a thread that must not stand still for it. */
export interface DatagramWaiting {
  /** Tells once what comes in next at each of some sockets. */
  readonly await: (files: readonly number[], take: (fd: number, incoming: Incoming) => void) => void;
  /** Closes sockets that were awaited. */
  readonly release: (files: readonly number[]) => void;
  /** Does something once a time is over and everything that came before has been told; gives what cancels it. */
  readonly after: (waitMs: number, act: () => void) => () => void;
}

/**
 * What `send` says of a datagram that was lost on its way out: EPERM where rules dropped it, EINVAL where they translated its destination
 * and no route leads there from its source, as from 127.0.0.1 to another host (`ip_route_me_harder` in nf_nat_ipv4_local_fn,
 * net/netfilter/nf_nat_proto.c). The socket is connected, so that before the rules there was a route.
 */
const LOST_ON_THE_WAY_OUT: readonly number[] = [KERNEL.EPERM, KERNEL.EINVAL];

/** A pair of sockets that can exchange one datagram after another; the sockets are its own, and closed with it. */
export class DatagramExchange {
  readonly #ends: DatagramEnds;
  readonly #target: Endpoint;
  readonly #waiting: DatagramWaiting;
  /** Of exchanges that are over: answers to them are late, or copies. */
  readonly #formerTokens: string[] = [];
  readonly #protocol: "udp" | "icmp";
  #replyFrom: string | null = null;
  #isAwaited = false;

  constructor(ends: DatagramEnds, target: Endpoint, waiting: DatagramWaiting, protocol: "udp" | "icmp" = "udp") {
    this.#protocol = protocol;
    this.#ends = ends;
    this.#target = target;
    this.#waiting = waiting;
  }

  /**
   * Sends a greeting; gives the landing where it cannot be sent. An error in {@link LOST_ON_THE_WAY_OUT} says that the datagram was lost,
   * and is no reason to stop listening: a REJECT drops it too, and its ICMP error is still to come.
   */
  send(greeting: Greeting): Landing | null {
    const text = `${JSON.stringify({ ...greeting, dialled: renderEndpoint(this.#target) })}\n`;
    const bytes =
      this.#protocol === "icmp" ? encodeRequest(familyOfText(this.#target.address), text) : Buffer.from(text, "latin1");
    if (Number(send(this.#ends.fd, bytes, bytes.length, KERNEL.MSG_DONTWAIT)) >= 0) return null;
    const errno = lastErrno();
    return LOST_ON_THE_WAY_OUT.includes(errno) ? null : this.#fail(errno, greeting);
  }

  /**
   * Waits in this very thread for what comes back, for `waitMs` at most, and gives the landing that the far end answers, or the error that
   * came; null where nothing has come yet. Whoever answers is another thread, and two more turns of threads would cost as much as the
   * answer.
   */
  receiveNow(greeting: Greeting, waitMs: number): Landing | null {
    const { fd } = this.#ends;
    const incoming = waitForFiles([fd], waitMs).has(fd) ? receiveIncoming(fd) : null;
    return incoming === null ? null : this.#take(fd, incoming, greeting);
  }

  /**
   * Gives `done` the landing that the far end answers, or the error that came back, or after `waitMs` `timed-out`, with `replyFrom` where
   * the only answer came from another end point than the one dialled. Other flows go on meanwhile.
   */
  receiveLater(greeting: Greeting, waitMs: number, done: (landing: Landing) => void): void {
    let isOver = false;
    const finish = (landing: Landing) => {
      if (isOver) return;
      isOver = true;
      cancel();
      done(landing);
    };
    const cancel = this.#waiting.after(waitMs, () => {
      const replyFrom = this.#replyFrom;
      finish({ ...makeTimedOutLanding(greeting.hops), ...(replyFrom === null ? {} : { replyFrom }) });
    });
    const take = (at: number, incoming: Incoming) => {
      const landing = this.#take(at, incoming, greeting);
      if (landing === null) this.#waiting.await([at], take);
      else finish(landing);
    };
    this.#isAwaited = true;
    this.#waiting.await(this.#files, take);
  }

  /** Says that an exchange is over, whatever it brought: an answer to it may still come, and is not one to the next. */
  end({ token }: Greeting): void {
    this.#formerTokens.push(token);
    this.#replyFrom = null;
  }

  close(): void {
    if (this.#isAwaited) this.#waiting.release(this.#files);
    else for (const fd of this.#files) close(fd);
  }

  get #files(): readonly number[] {
    const { fd, strayFd } = this.#ends;
    return strayFd === null ? [fd] : [fd, strayFd];
  }

  /** Gives the landing that something brings; null where it is an answer from elsewhere, or not to this exchange. */
  #take(at: number, incoming: Incoming, greeting: Greeting): Landing | null {
    if ("errno" in incoming) return this.#fail(incoming.errno, greeting);
    if (this.#formerTokens.some((token) => isAbout(incoming, token))) return null;
    if (this.#protocol === "icmp") return this.#takeReply(incoming, greeting);
    if (at === this.#ends.fd) return this.#read(incoming.text, greeting);
    if (isAbout(incoming, greeting.token)) this.#replyFrom = renderEndpoint(incoming.source);
    return null;
  }

  /** A ping socket takes the replies to its identifier from everywhere (ping_lookup in net/ipv4/ping.c). */
  #takeReply({ text, source: { address } }: Extract<Incoming, { readonly text: string }>, greeting: Greeting) {
    if (parseGreeting(textOfReply(text))?.token !== greeting.token) return null;
    if (address === this.#target.address) return makeRepliedLanding(greeting.hops);
    this.#replyFrom = renderEndpoint({ address, port: 0 });
    return null;
  }

  #read(text: string, greeting: Greeting): Landing {
    return completeAnswer(readAnswer(text, greeting, this.#describe()), this.#target, greeting);
  }

  #fail(errno: number, { hops }: Greeting): Landing {
    return makeFailureLanding(getSystemErrorName(-errno), hops, this.#describe());
  }

  #describe(): string {
    return `send a datagram to ${renderEndpoint(this.#target)}`;
  }
}

function isAbout({ text }: Extract<Incoming, { readonly text: string }>, token: string): boolean {
  return text.includes(JSON.stringify(token));
}
