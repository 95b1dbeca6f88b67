import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { DatagramListener, type DatagramListenerOrder } from "./datagram-listener.ts";
import { type Incoming, receiveIncoming } from "./datagram-message.ts";
import { describeError } from "./fault.ts";
import type { ThreadNews } from "./listener-thread.ts";
import { checkResult, close, read } from "./syscalls.ts";
import { Tracking } from "./tracked-destination.ts";
import { waitForFiles } from "./wait-for-files.ts";

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

/**
 * Waits in `poll(2)` for everything of an agent that takes datagrams: its listeners, and whoever awaits an answer. Node's own UDP sockets
 * do not say which address a datagram was for, and cannot have `IP_RECVERR`.
 * Sockets come open from the main thread; each has the owner of the moment it was made.
 */
class DatagramServer {
  readonly #say: (news: DatagramNews) => void;
  readonly #listeners = new Map<string, DatagramListener>();
  readonly #awaited = new Set<number>();
  readonly #trackings = new Map<number | null, Tracking>();

  constructor(say: (news: DatagramNews) => void) {
    this.#say = say;
  }

  /** Runs until it is told to end. */
  run(port: MessagePort, wake: number): void {
    while (this.#serveOnce(port, wake) === "go-on");
  }

  #serveOnce(port: MessagePort, wake: number): "go-on" | "end" {
    const listening = [...this.#listeners.values()].flatMap((each) => each.files.map((fd) => [fd, each] as const));
    const ready = waitForFiles([wake, ...listening.map(([fd]) => fd), ...this.#awaited], -1);
    // Before orders: what is told with a flush is everything that came before it.
    this.#serve(listening.filter(([fd]) => ready.has(fd)));
    for (const fd of this.#awaited) if (ready.has(fd)) this.#takeIn(fd);
    return ready.has(wake) ? this.#obeyAll(port, wake) : "go-on";
  }

  /** All are read first, so that one look at the whole table of connection tracking is enough for all of them. */
  #serve(ready: readonly (readonly [fd: number, listener: DatagramListener])[]): void {
    const arrived = ready.flatMap(([fd, listener]) => listener.receive(fd));
    if (arrived.length === 0) return;
    for (const tracking of this.#trackings.values()) tracking.forgetTable();
    const served = arrived.map((each) => each.listener.record(each, this.#trackingOf(each.listener)));
    this.#say({ records: served.map(({ seen }) => seen) });
    for (const each of served) each.listener.answer(each);
  }

  #trackingOf({ namespace }: DatagramListener): Tracking {
    const known = this.#trackings.get(namespace);
    if (known) return known;
    const tracking = new Tracking(namespace);
    this.#trackings.set(namespace, tracking);
    return tracking;
  }

  #close(keys: readonly string[]): void {
    for (const key of keys) {
      this.#listeners.get(key)?.close();
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

  #takeIn(fd: number): void {
    const incoming = receiveIncoming(fd);
    if (incoming === null) return;
    this.#awaited.delete(fd);
    this.#say({ fd, incoming });
  }

  #obey(order: Exclude<DatagramOrder, { readonly order: "end" }>): void {
    if (order.order === "await") for (const fd of order.files) this.#awaited.add(fd);
    else if (order.order === "release")
      for (const fd of order.files) {
        this.#awaited.delete(fd);
        close(fd);
      }
    else this.#say({ id: order.id, fault: this.#attempt(order) });
  }

  /** Gives why it failed, or null. */
  #attempt(order: Extract<DatagramOrder, { readonly id: number }>): string | null {
    try {
      if (order.order === "open")
        for (const each of order.listeners) this.#listeners.set(each.key, new DatagramListener(each));
      if (order.order === "close") this.#close(order.keys);
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
