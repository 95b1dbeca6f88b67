import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Owner } from "../model/pod.ts";
import type { DatagramListenerOrder } from "./datagram-listener.ts";
import type { Incoming } from "./datagram-message.ts";
import { openDatagramListener } from "./datagram-sockets.ts";
import type { DatagramNews, DatagramOrder } from "./datagram-thread.ts";
import { dropRole, runInRole } from "./identity.ts";
import type { ListenerOrder } from "./listener-set.ts";
import type { Seen } from "./protocol.ts";
import { checkResult, close, eventfd, KERNEL, write } from "./syscalls.ts";

type Unnumbered<T> = T extends { readonly id: number } ? Omit<T, "id"> : never;

/**
 * Everything of an agent that takes datagrams, in one thread that starts when it is first needed. A socket for datagrams has the owner of
 * the moment it is made and is never accepted from another, so that owners need no threads of their own.
 */
export class DatagramCrew {
  readonly #tell: (records: readonly Seen[]) => void;
  #thread: Thread | null = null;

  constructor(tell: (records: readonly Seen[]) => void) {
    this.#tell = tell;
  }

  /** Opens listeners of one owner, all or none. Throws what the kernel said. */
  async open(owner: Owner, listeners: readonly ListenerOrder[]): Promise<void> {
    if (listeners.length === 0) return;
    const opened: DatagramListenerOrder[] = [];
    try {
      for (const { key, spec, namespace } of listeners) {
        const files: number[] = [];
        opened.push({ key, spec, namespace, files });
        for (const family of [4, 6] as const)
          files.push(runInRole(namespace, owner, () => openDatagramListener(family, spec.port, spec.mode)));
      }
    } catch (error) {
      for (const { files } of opened) for (const fd of files) close(fd);
      throw error;
    } finally {
      dropRole();
    }
    this.#thread ??= startThread(this.#tell);
    await this.#thread.carryOut({ order: "open", listeners: opened });
  }

  /** Closes listeners; keys that are not open are passed over. */
  async close(keys: readonly string[]): Promise<void> {
    await this.#thread?.carryOut({ order: "close", keys });
  }

  /** Resolves when the thread is up: one that is still starting would hear answers too late. */
  async start(): Promise<void> {
    this.#thread ??= startThread(this.#tell);
    await this.flush();
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

  /** Resolves when everything seen so far has been told. */
  async flush(): Promise<void> {
    await this.#thread?.carryOut({ order: "flush" });
  }
}

interface Thread {
  /** Who is told of what comes in, by descriptor. */
  readonly takers: Map<number, (fd: number, incoming: Incoming) => void>;
  readonly send: (order: DatagramOrder) => void;
  readonly carryOut: (order: Unnumbered<DatagramOrder>) => Promise<void>;
}

/** A thread that ends takes the agent with it: half an agent would tell half the truth. */
function startThread(tell: (records: readonly Seen[]) => void): Thread {
  // A thread begins as whoever its starter is.
  dropRole();
  const wake = checkResult(eventfd(0, KERNEL.SOCK_CLOEXEC), "eventfd", "to wake a thread");
  const file = new URL(`datagram-thread${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(file, { workerData: wake });
  const takers: Thread["takers"] = new Map();
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const send = (order: DatagramOrder) => {
    worker.postMessage(order);
    const one = Buffer.alloc(8);
    one.writeBigUInt64LE(1n);
    checkResult(Number(write(wake, one, one.length)), "write to", "the wake-up descriptor");
  };
  worker.on("message", (news: DatagramNews) => {
    if ("records" in news) return tell(news.records);
    if ("fd" in news) return takers.get(news.fd)?.(news.fd, news.incoming);
    const order = waiting.get(news.id);
    waiting.delete(news.id);
    if (news.fault === null) order?.resolve();
    else order?.reject(new Error(news.fault));
  });
  worker.on("error", (error) => {
    for (const order of waiting.values()) order.reject(error);
    waiting.clear();
    setImmediate(() => {
      throw new Error(`the thread for datagrams ended: ${error.message}`, { cause: error });
    });
  });
  // Node waits for its threads, and this one waits in the kernel.
  process.on("exit", () => send({ order: "end" }));
  return {
    takers,
    send,
    carryOut: (order) =>
      new Promise((resolve, reject) => {
        waiting.set(++lastId, { resolve, reject });
        send({ ...order, id: lastId });
      }),
  };
}
