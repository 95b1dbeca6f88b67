import { getSystemErrorName } from "node:util";
import type { Landing } from "../model/landing.ts";
import { DatagramExchange, type DatagramWaiting } from "./datagram-exchange.ts";
import { type Datagram, receiveDatagram, sendDatagram } from "./datagram-message.ts";
import { openDatagramEnds, sendTransparently } from "./datagram-sockets.ts";
import { textOfRequest } from "./echo-message.ts";
import { describeError } from "./fault.ts";
import { type Greeting, HOPS_AT_MOST, readClock } from "./greeting.ts";
import { dropRole, runInRole } from "./identity.ts";
import { makeBlindLanding, makeFailureLanding, makeListenerLanding, makeLoopLanding } from "./landings.ts";
import { parseGreeting } from "./listener.ts";
import type { ListenerSpec, Seen, StubDials } from "./protocol.ts";
import { type Endpoint, familyOfText, renderEndpoint } from "./socket-address.ts";
import { type OnwardDial, planOnwardDial } from "./stub-envoy.ts";
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

/** Who is nearer to the trouble reports it first: each passage through a proxy hears nothing so much earlier. */
const ONWARD_LESS_MS = 25;

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

type Answer = (landing: Landing) => void;

/**
 * An open listener for datagrams: says for each where it landed, and answers it. `serve` throws an Error where the kernel refuses to send
 * an answer, but for the reasons for which an answer may be lost.
 */
export class DatagramListener {
  readonly files: readonly number[];
  readonly #order: DatagramListenerOrder;
  readonly #waiting: DatagramWaiting;
  readonly #tracking: () => Tracking;
  readonly #taken = new Map<string, number>();
  #isOpen = true;

  constructor(order: DatagramListenerOrder, waiting: DatagramWaiting, tracking: () => Tracking) {
    this.files = order.files;
    this.#order = order;
    this.#waiting = waiting;
    this.#tracking = tracking;
  }

  /** The namespace that its sockets are in: a descriptor; null for the agent's own. */
  get namespace(): number | null {
    return this.#order.namespace;
  }

  /** Reads the datagrams of our flows that wait at one of its sockets, and answers each at once, or passes it on. */
  serve(fd: number): readonly Served[] {
    const served: Served[] = [];
    for (let count = 0; count < AT_ONCE; count++) {
      const datagram = receiveDatagram(fd);
      if (datagram === null) break;
      const greeting = parseGreeting(this.#textOf(datagram));
      if (greeting === null || !this.#isToBeTaken(greeting)) continue;
      const seen = this.#record(greeting, datagram);
      const { stub, protocol } = this.#order.spec;
      // The kernel replies to an echo.
      const answer = (landing: Landing) => protocol === "icmp" || this.#answer(fd, datagram, seen.token, landing);
      if (stub !== null && greeting.manner === "forward") this.#passOn(greeting, datagram, seen, stub, answer);
      else answer(makeListenerLanding(seen, greeting.hops));
      served.push({ listener: this, datagram, dialled: greeting.dialled ?? null, seen });
    }
    return served;
  }

  #textOf({ text, source }: Datagram): string {
    return this.#order.spec.protocol === "icmp" ? textOfRequest(familyOfText(source.address), text) : text;
  }

  close(): void {
    this.#isOpen = false;
    for (const fd of this.files) close(fd);
  }

  /**
   * Completes the record of a datagram by what had been dialled. Where it came to the very end point that its sender dialled, no rule has
   * rewritten it; else the kernel is asked. Only the pod has rules; of what they did on the way, a listener on another host knows nothing.
   */
  complete({ datagram, dialled: told, seen }: Served): Seen {
    const { host, listener, port, protocol } = this.#order.spec;
    if (protocol === "icmp") return seen;
    const { destination } = datagram;
    const isOwnPort = destination.port === port;
    const reached = renderEndpoint(destination);
    if (host !== "pod" || reached === told) return { ...seen, originalDestination: isOwnPort ? null : reached };
    try {
      const dialled = renderEndpoint(this.#findDialled(datagram));
      return { ...seen, originalDestination: isOwnPort && dialled === reached ? null : dialled };
    } catch (error) {
      const blindness = `${listener}:${port} cannot determine the dialled address: ${describeError(error)}`;
      return { ...seen, blindness };
    }
  }

  #findDialled({ source, destination }: Datagram): Endpoint {
    return this.#tracking().findDialled(source, destination) ?? destination;
  }

  /** Sends what a proxy dials for a datagram, as its owner, and answers with where that landed. */
  #passOn(greeting: Greeting, datagram: Datagram, seen: Seen, stub: StubDials, answer: Answer): void {
    const { listener, port } = this.#order.spec;
    const hops = [...greeting.hops, { listener, port, originalDestination: null }];
    try {
      const onward = planOnwardDial(this.#whatIsMeant(datagram, stub), datagram.source.address, stub);
      if (onward === null) answer(makeListenerLanding(seen, greeting.hops));
      else if (hops.length >= HOPS_AT_MOST) answer(makeLoopLanding(hops));
      else this.#dialOn({ ...greeting, hops, timeoutMs: greeting.timeoutMs - ONWARD_LESS_MS }, onward, answer);
    } catch (error) {
      answer(makeBlindLanding("socket-failed", `${listener} cannot pass a datagram on: ${describeError(error)}`, hops));
    } finally {
      dropRole();
    }
  }

  #dialOn(greeting: Greeting, { target, source, mark }: OnwardDial, answer: Answer): void {
    const { namespace, spec } = this.#order;
    const ends = runInRole(namespace, spec.owner, () => openDatagramEnds(target, source, { port: null, mark }));
    if ("errno" in ends) {
      const what = `send a datagram to ${renderEndpoint(target)}`;
      answer(makeFailureLanding(getSystemErrorName(-ends.errno), greeting.hops, what));
      return;
    }
    const exchange = new DatagramExchange(ends, target, this.#waiting);
    const finish = (landing: Landing) => {
      exchange.close();
      answer(landing);
    };
    const failure = exchange.send(greeting);
    if (failure === null) exchange.receiveLater(greeting, greeting.timeoutMs, finish);
    else finish(failure);
  }

  /** Only who dials what had been dialled need know that. */
  #whatIsMeant(datagram: Datagram, { dials }: StubDials): Endpoint {
    if (dials.kind === "fixed") return datagram.destination;
    this.#tracking().forgetTable();
    return this.#findDialled(datagram);
  }

  #record({ token, hops }: Greeting, { source, destination }: Datagram): Seen {
    const { host, listener, port } = this.#order.spec;
    const ends = { address: destination.address, port, source: renderEndpoint(source), originalDestination: null };
    return { token, host, listener, ...ends, hopsBefore: hops.length, atMs: readClock() };
  }

  #isToBeTaken({ token, hops }: Greeting): boolean {
    const passage = `${hops.length} ${token}`;
    const times = this.#taken.get(passage) ?? 0;
    if (this.#taken.size >= TOKENS_REMEMBERED) this.#taken.clear();
    this.#taken.set(passage, times + 1);
    return times < TAKEN_AT_MOST;
  }

  /** Answers from the end point that the datagram was for: what TPROXY has brought was for another port than the listener's own. */
  #answer(fd: number, { source, destination }: Datagram, token: string, landing: Landing): void {
    if (!this.#isOpen) return;
    const { spec, namespace } = this.#order;
    const text = `${JSON.stringify({ token, landing })}\n`;
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
