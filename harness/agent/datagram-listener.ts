import { getSystemErrorName } from "node:util";
import type { Landing } from "../model/landing.ts";
import { type Datagram, receiveDatagram, sendDatagram } from "./datagram-message.ts";
import { sendTransparently } from "./datagram-sockets.ts";
import { describeError } from "./fault.ts";
import { readClock } from "./greeting.ts";
import { dropRole, runInRole } from "./identity.ts";
import { makeBlindLanding, makeListenerLanding } from "./landings.ts";
import { parseGreeting } from "./listener.ts";
import type { ListenerSpec, Seen } from "./protocol.ts";
import { type Endpoint, renderEndpoint } from "./socket-address.ts";
import { close } from "./syscalls.ts";
import type { Tracking } from "./tracked-destination.ts";

/** A listener for datagrams: its sockets, one for each family, opened in its namespace and as its owner. */
export interface DatagramListenerOrder {
  readonly key: string;
  readonly spec: ListenerSpec;
  /** A descriptor; null for the agent's own. */
  readonly namespace: number | null;
  readonly files: readonly number[];
}

/** Errors with which the kernel loses an answer on its way out as rules or routes would have it; every other is the harness's. */
const LOST_ANSWERS = ["EPERM", "ENETUNREACH", "EHOSTUNREACH", "EACCES", "EINVAL", "ECONNREFUSED"];

/** Datagrams that are read before anybody else has a turn. */
const AT_ONCE = 64;
/**
 * How often a datagram with one token is taken. Rules can copy a datagram (TEE), and the copy of its answer too, without end; a second one
 * is enough to see that.
 */
const TAKEN_AT_MOST = 2;
const TOKENS_REMEMBERED = 5_000;

/** A datagram of one of our flows, as it was read from a socket. */
export interface Arrived {
  readonly listener: DatagramListener;
  readonly fd: number;
  readonly datagram: Datagram;
  readonly token: string;
}

/** A datagram with the listener's record of it, and the landing that it answers. */
export interface Served extends Arrived {
  readonly seen: Seen;
  readonly landing: Landing;
}

/**
 * An open listener for datagrams: says for each where it landed, and answers it. `answer` throws an Error where the kernel refuses to send,
 * but for the reasons for which an answer may be lost.
 */
export class DatagramListener {
  readonly files: readonly number[];
  readonly #order: DatagramListenerOrder;
  readonly #taken = new Map<string, number>();

  constructor(order: DatagramListenerOrder) {
    this.files = order.files;
    this.#order = order;
  }

  /** The namespace that its sockets are in: a descriptor; null for the agent's own. */
  get namespace(): number | null {
    return this.#order.namespace;
  }

  /** Reads the datagrams of our flows that wait at one of its sockets. */
  receive(fd: number): readonly Arrived[] {
    const arrived: Arrived[] = [];
    for (let count = 0; count < AT_ONCE; count++) {
      const datagram = receiveDatagram(fd);
      if (datagram === null) break;
      const greeting = parseGreeting(datagram.text);
      if (greeting !== null && this.#isToBeTaken(greeting.token))
        arrived.push({ listener: this, fd, datagram, token: greeting.token });
    }
    return arrived;
  }

  close(): void {
    for (const fd of this.files) close(fd);
  }

  /** Gives the record of a datagram, and the landing that answers it. Who cannot say what was dialled says so in its answer. */
  record(arrived: Arrived, tracking: Tracking): Served {
    const { host, listener, port } = this.#order.spec;
    const { datagram, token } = arrived;
    const { source, destination } = datagram;
    const ends = { address: destination.address, port, source: renderEndpoint(source) };
    const seen = { token, host, listener, ...ends, hopsBefore: 0, atMs: readClock() };
    try {
      const dialled = this.#findDialled(datagram, tracking);
      const isDialled = dialled.address === destination.address && dialled.port === port;
      const told = { ...seen, originalDestination: isDialled ? null : renderEndpoint(dialled) };
      return { ...arrived, seen: told, landing: makeListenerLanding(told, []) };
    } catch (error) {
      const cause = `${listener}:${port} cannot determine the dialled address: ${describeError(error)}`;
      const landing = makeBlindLanding("socket-failed", cause);
      return { ...arrived, seen: { ...seen, originalDestination: null }, landing };
    }
  }

  #isToBeTaken(token: string): boolean {
    const times = this.#taken.get(token) ?? 0;
    if (this.#taken.size >= TOKENS_REMEMBERED) this.#taken.clear();
    this.#taken.set(token, times + 1);
    return times < TAKEN_AT_MOST;
  }

  /** Only the pod has rules; of what they did on the way, a listener on another host knows nothing. */
  #findDialled({ source, destination }: Datagram, tracking: Tracking): Endpoint {
    if (this.#order.spec.host !== "pod") return destination;
    return tracking.findDialled(source, destination) ?? destination;
  }

  /** Answers from the end point that the datagram was for: what TPROXY has brought was for another port than the listener's own. */
  answer({ fd, datagram: { source, destination }, seen, landing }: Served): void {
    const { spec, namespace } = this.#order;
    const text = `${JSON.stringify({ token: seen.token, landing })}\n`;
    const isOwnPort = destination.port === spec.port && spec.mode === "plain";
    const send = () =>
      isOwnPort
        ? sendDatagram(fd, text, source, destination.address)
        : runInRole(namespace, spec.owner, () => sendTransparently(text, source, destination));
    const errno = send();
    dropRole();
    const code = errno === 0 ? null : getSystemErrorName(-errno);
    if (code !== null && !LOST_ANSWERS.includes(code))
      throw new Error(`${spec.listener}:${spec.port} cannot answer ${renderEndpoint(source)}: ${code}`);
  }
}
