import { getSystemErrorName } from "node:util";
import { type Datagram, receiveDatagram, sendDatagram } from "./datagram-message.ts";
import { sendTransparently } from "./datagram-sockets.ts";
import { describeError } from "./fault.ts";
import { type Greeting, readClock } from "./greeting.ts";
import { dropRole, runInRole } from "./identity.ts";
import { makeListenerLanding } from "./landings.ts";
import { parseGreeting } from "./listener.ts";
import type { ListenerSpec, Seen } from "./protocol.ts";
import { renderEndpoint } from "./socket-address.ts";
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

/** A datagram that has been answered, with the listener's record of it, to which only what had been dialled may be missing. */
export interface Served {
  readonly listener: DatagramListener;
  readonly datagram: Datagram;
  /** What its sender says that it dialled. */
  readonly dialled: string | null;
  readonly seen: Seen;
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

  /** Reads the datagrams of our flows that wait at one of its sockets, and answers each at once. */
  serve(fd: number): readonly Served[] {
    const served: Served[] = [];
    for (let count = 0; count < AT_ONCE; count++) {
      const datagram = receiveDatagram(fd);
      if (datagram === null) break;
      const greeting = parseGreeting(datagram.text);
      if (greeting === null || !this.#isToBeTaken(greeting.token)) continue;
      const seen = this.#record(greeting, datagram);
      this.#answer(fd, datagram, seen);
      served.push({ listener: this, datagram, dialled: greeting.dialled ?? null, seen });
    }
    return served;
  }

  close(): void {
    for (const fd of this.files) close(fd);
  }

  /**
   * Completes the record of a datagram by what had been dialled. Where it came to the very end point that its sender dialled, no rule has
   * rewritten it; else the kernel is asked. Only the pod has rules; of what they did on the way, a listener on another host knows nothing.
   */
  complete({ datagram: { source, destination }, dialled: told, seen }: Served, tracking: Tracking): Seen {
    const { host, listener, port } = this.#order.spec;
    const isOwnPort = destination.port === port;
    const reached = renderEndpoint(destination);
    if (host !== "pod" || reached === told) return { ...seen, originalDestination: isOwnPort ? null : reached };
    try {
      const dialled = renderEndpoint(tracking.findDialled(source, destination) ?? destination);
      return { ...seen, originalDestination: isOwnPort && dialled === reached ? null : dialled };
    } catch (error) {
      const blindness = `${listener}:${port} cannot determine the dialled address: ${describeError(error)}`;
      return { ...seen, blindness };
    }
  }

  #record({ token, hops }: Greeting, { source, destination }: Datagram): Seen {
    const { host, listener, port } = this.#order.spec;
    const ends = { address: destination.address, port, source: renderEndpoint(source), originalDestination: null };
    return { token, host, listener, ...ends, hopsBefore: hops.length, atMs: readClock() };
  }

  #isToBeTaken(token: string): boolean {
    const times = this.#taken.get(token) ?? 0;
    if (this.#taken.size >= TOKENS_REMEMBERED) this.#taken.clear();
    this.#taken.set(token, times + 1);
    return times < TAKEN_AT_MOST;
  }

  /** Answers from the end point that the datagram was for: what TPROXY has brought was for another port than the listener's own. */
  #answer(fd: number, { source, destination }: Datagram, seen: Seen): void {
    const { spec, namespace } = this.#order;
    const text = `${JSON.stringify({ token: seen.token, landing: makeListenerLanding(seen, []) })}\n`;
    const isOwnPort = destination.port === spec.port && spec.mode === "plain";
    const send = () =>
      isOwnPort
        ? sendDatagram(fd, text, source, destination.address)
        : runInRole(namespace, spec.owner, () => sendTransparently(text, source, destination));
    const errno = send();
    if (!isOwnPort) dropRole();
    const code = errno === 0 ? null : getSystemErrorName(-errno);
    if (code !== null && !LOST_ANSWERS.includes(code))
      throw new Error(`${spec.listener}:${spec.port} cannot answer ${renderEndpoint(source)}: ${code}`);
  }
}
