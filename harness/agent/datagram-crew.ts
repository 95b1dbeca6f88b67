import type { Worker } from "node:worker_threads";
import type { Owner } from "../model/pod.ts";
import type { DatagramWaiting } from "./datagram-exchange.ts";
import type { DatagramListenerOrder } from "./datagram-listener.ts";
import type { Incoming } from "./datagram-message.ts";
import { openDatagramListener, openEchoListener } from "./datagram-sockets.ts";
import type { DatagramNews, DatagramOrder } from "./datagram-thread.ts";
import { dropRole, runInRole } from "./identity.ts";
import { socketFamilies } from "./listener.ts";
import type { ListenerOrder } from "./listener-set.ts";
import type { ThreadNews } from "./listener-thread.ts";
import { type OrderedThread, startOrderedThread } from "./ordered-thread.ts";
import type { Seen } from "./protocol.ts";
import { checkResult, close, eventfd, KERNEL, write } from "./syscalls.ts";

/** The orders that the thread answers. */
type AnsweredOrder = Extract<DatagramOrder, { readonly id: number }>;
/** What came in at a socket that somebody awaits. */
type DatagramArrival = Exclude<DatagramNews, ThreadNews>;

/**
 * Everything of an agent that takes datagrams, in one thread that starts when it is first needed. A socket for datagrams has the owner of
 * the moment it is made and is never accepted from another, so that owners need no threads of their own.
 */
export class DatagramCrew implements DatagramWaiting {
  readonly #tell: (records: readonly Seen[]) => void;
  readonly #isAlone: () => boolean;
  #thread: Thread | null = null;
  /** Listeners whose sockets are open, and that nothing is sent to before `start`. */
  readonly #waiting = new Map<string, DatagramListenerOrder>();
  #flushing: Promise<void> | null = null;

  /**
   * `isAlone` tells whether nobody but this agent sends what its listeners take: then their thread, which takes as long to start as all
   * else together, starts with the first flow that needs it.
   */
  constructor(tell: (records: readonly Seen[]) => void, isAlone: () => boolean) {
    this.#tell = tell;
    this.#isAlone = isAlone;
  }

  /** Opens listeners of one owner, all or none. Throws what the kernel said. */
  async open(owner: Owner, listeners: readonly ListenerOrder[]): Promise<void> {
    if (listeners.length === 0) return;
    const opened = openSockets(owner, listeners);
    if (this.#thread === null && this.#isAlone()) for (const one of opened) this.#waiting.set(one.key, one);
    else await this.#running().carryOut({ order: "open", listeners: opened });
  }

  /** Closes listeners; keys that are not open are passed over. */
  async close(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      for (const fd of this.#waiting.get(key)?.files ?? []) close(fd);
      this.#waiting.delete(key);
    }
    await this.#thread?.carryOut({ order: "close", keys });
  }

  /** Resolves when the thread is up, with all listeners: one that is still starting would hear answers too late. */
  async start(): Promise<void> {
    const listeners = [...this.#waiting.values()];
    this.#waiting.clear();
    await this.#running().carryOut({ order: "open", listeners });
  }

  /** Tells once what comes in next at each of some sockets; their descriptors are the thread's from now on. Only after `start`. */
  await(files: readonly number[], take: (fd: number, incoming: Incoming) => void): void {
    for (const fd of files) this.#thread?.takers.set(fd, take);
    this.#thread?.send({ order: "await", files });
  }

  /** Closes sockets that were awaited. */
  release(files: readonly number[]): void {
    for (const fd of files) this.#thread?.takers.delete(fd);
    this.#thread?.send({ order: "release", files });
  }

  /** What is already there comes first: a busy thread must not make a time-out. Of times that end together, one flush is enough. */
  after(waitMs: number, act: () => void): () => void {
    const timer = setTimeout(() => {
      this.#flushing ??= this.flush().finally(() => {
        this.#flushing = null;
      });
      void this.#flushing.then(act);
    }, waitMs);
    return () => clearTimeout(timer);
  }

  #running(): Thread {
    this.#thread ??= startThread(this.#tell);
    return this.#thread;
  }

  /** Resolves when everything seen so far has been told. */
  async flush(): Promise<void> {
    await this.#thread?.carryOut({ order: "flush" });
  }
}

function openSockets(owner: Owner, listeners: readonly ListenerOrder[]): readonly DatagramListenerOrder[] {
  const opened: DatagramListenerOrder[] = [];
  try {
    for (const { key, spec, namespace } of listeners) {
      const files: number[] = [];
      opened.push({ key, spec, namespace, files });
      for (const family of socketFamilies(spec))
        files.push(
          runInRole(namespace, owner, () =>
            spec.protocol === "icmp"
              ? openEchoListener(family)
              : openDatagramListener(family, spec.port, spec.mode, spec.address),
          ),
        );
    }
    return opened;
  } catch (error) {
    for (const { files } of opened) for (const fd of files) close(fd);
    throw error;
  } finally {
    dropRole();
  }
}

interface Thread {
  /** Who is told of what comes in, by descriptor. */
  readonly takers: Map<number, (fd: number, incoming: Incoming) => void>;
  readonly send: (order: DatagramOrder) => void;
  readonly carryOut: OrderedThread<AnsweredOrder>["carryOut"];
}

function startThread(tell: (records: readonly Seen[]) => void): Thread {
  const wake = checkResult(eventfd(0, KERNEL.SOCK_CLOEXEC), "eventfd", "to wake a thread");
  const takers: Thread["takers"] = new Map();
  const sendTo = (worker: Worker, order: DatagramOrder) => {
    worker.postMessage(order);
    const one = Buffer.alloc(8);
    one.writeBigUInt64LE(1n);
    checkResult(Number(write(wake, one, one.length)), "write to", "the wake-up descriptor");
  };
  const { worker, carryOut } = startOrderedThread<AnsweredOrder, DatagramArrival>("datagram-thread", {
    data: wake,
    send: sendTo,
    tell,
    hear: ({ fd, incoming }) => takers.get(fd)?.(fd, incoming),
    describeEnd: ({ message }) => `the thread for datagrams ended: ${message}`,
  });
  // Node waits for its threads, and this one waits in the kernel.
  process.on("exit", () => sendTo(worker, { order: "end" }));
  return { takers, send: (order) => sendTo(worker, order), carryOut };
}
