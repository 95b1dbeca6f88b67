import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { DatagramListener, type DatagramListenerOrder, type Served } from "./datagram-listener.ts";
import type { Incoming } from "./datagram-message.ts";
import { DatagramWaits } from "./datagram-waits.ts";
import { describeError } from "./fault.ts";
import { FileWatch } from "./file-watch.ts";
import type { ThreadNews } from "./listener-thread.ts";
import { checkResult, read } from "./syscalls.ts";
import { Tracking } from "./tracked-destination.ts";

/**
 * What the thread for datagrams is told; after each message its wake-up descriptor is written to. `await`: tell what comes in next at each
 * of these sockets, once; `release`: wait no longer at them, and close them.
 */
export type DatagramOrder =
  | { readonly order: "open"; readonly id: number; readonly listeners: readonly DatagramListenerOrder[] }
  | { readonly order: "close"; readonly id: number; readonly keys: readonly string[] }
  | { readonly order: "flush"; readonly id: number }
  | { readonly order: "await"; readonly files: readonly number[] }
  | { readonly order: "release"; readonly files: readonly number[] }
  | { readonly order: "end" };

/** What the thread says: what every listening thread says, or what came in at a socket that it was told to wait at. */
export type DatagramNews = ThreadNews | { readonly fd: number; readonly incoming: Incoming };

/** As listeners for connections do it, records are told many at a time, and all of them with a flush. */
const TELL_DELAY_MS = 5;
const RECORDS_AT_MOST = 64;

/**
 * Waits in `epoll_wait(2)` for everything of an agent that takes datagrams: its listeners, and whoever awaits an answer. Node's own UDP
 * sockets do not say which address a datagram was for, and cannot have `IP_RECVERR`.
 * Sockets come open from the main thread; each has the owner of the moment it was made.
 */
class DatagramServer {
  readonly #say: (news: DatagramNews) => void;
  readonly #watch = new FileWatch();
  readonly #listeners = new Map<string, DatagramListener>();
  readonly #listenerByFile = new Map<number, DatagramListener>();
  readonly #waits = new DatagramWaits(this.#watch);
  readonly #trackings = new Map<number | null, Tracking>();
  #untold: Served[] = [];

  constructor(say: (news: DatagramNews) => void) {
    this.#say = say;
  }

  /** Runs until it is told to end. */
  run(port: MessagePort, wake: number): void {
    this.#watch.add(wake);
    for (;;) {
      const ready = this.#watch.wait(this.#patienceMs());
      if (ready.length === 0 || this.#untold.length >= RECORDS_AT_MOST) this.#tell();
      this.#serve(ready);
      // Before orders and time-outs: what is told with a flush is everything that came before it, and so it is with a time-out.
      if (ready.includes(wake) || this.#waits.untilNextMs() === 0)
        while (this.#serve(this.#watch.wait(0)) === "something");
      this.#waits.actOnTime();
      if (ready.includes(wake) && this.#obeyAll(port, wake) === "end") return;
    }
  }

  #patienceMs(): number {
    const times = [this.#waits.untilNextMs(), this.#untold.length > 0 ? TELL_DELAY_MS : null];
    const least = Math.min(...times.filter((time) => time !== null));
    return Number.isFinite(least) ? least : -1;
  }

  #serve(ready: readonly number[]): "something" | "nothing" {
    const served = ready.flatMap((fd) => this.#listenerByFile.get(fd)?.serve(fd) ?? []);
    const taken = ready.filter((fd) => this.#waits.takeIn(fd) === "something");
    this.#untold.push(...served);
    return served.length + taken.length > 0 ? "something" : "nothing";
  }

  /** Only now asks connection tracking, which knows an exchange for half a minute: whoever waits for an answer need not wait for that. */
  #tell(): void {
    if (this.#untold.length === 0) return;
    // One look at the whole table is enough for all of them.
    for (const tracking of this.#trackings.values()) tracking.forgetTable();
    const records = this.#untold.map((each) => each.listener.complete(each));
    this.#untold = [];
    this.#say({ records });
  }

  #trackingOf(namespace: number | null): Tracking {
    const known = this.#trackings.get(namespace);
    if (known) return known;
    const tracking = new Tracking(namespace);
    this.#trackings.set(namespace, tracking);
    return tracking;
  }

  #open(order: DatagramListenerOrder): void {
    const listener = new DatagramListener(order, this.#waits, () => this.#trackingOf(order.namespace));
    this.#listeners.set(order.key, listener);
    for (const fd of listener.files) {
      this.#listenerByFile.set(fd, listener);
      this.#watch.add(fd);
    }
  }

  #close(keys: readonly string[]): void {
    this.#tell();
    for (const key of keys) {
      const listener = this.#listeners.get(key);
      for (const fd of listener?.files ?? []) this.#listenerByFile.delete(fd);
      listener?.close();
      this.#listeners.delete(key);
    }
    // The descriptor of a namespace nobody listens in may soon stand for another one.
    const inUse = new Set([...this.#listeners.values()].map(({ namespace }) => namespace));
    for (const [namespace, tracking] of this.#trackings)
      if (!inUse.has(namespace)) {
        tracking.close();
        this.#trackings.delete(namespace);
      }
  }

  #obeyAll(port: MessagePort, wake: number): "go-on" | "end" {
    checkResult(Number(read(wake, Buffer.alloc(8), 8)), "read", "the wake-up descriptor");
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
      const order = next.message as DatagramOrder;
      if (order.order === "end") return "end";
      this.#obey(order);
    }
    return "go-on";
  }

  #obey(order: Exclude<DatagramOrder, { readonly order: "end" }>): void {
    if (order.order === "await") this.#waits.await(order.files, (fd, incoming) => this.#say({ fd, incoming }));
    else if (order.order === "release") this.#waits.release(order.files);
    else this.#say({ id: order.id, fault: this.#attempt(order) });
  }

  /** Gives why it failed, or null. */
  #attempt(order: Extract<DatagramOrder, { readonly id: number }>): string | null {
    try {
      if (order.order === "open") for (const each of order.listeners) this.#open(each);
      if (order.order === "close") this.#close(order.keys);
      if (order.order === "flush") this.#tell();
      return null;
    } catch (error) {
      return describeError(error);
    }
  }
}

if (parentPort) {
  const port = parentPort;
  new DatagramServer((news) => port.postMessage(news)).run(port, workerData as number);
}
