import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { dropRole } from "./identity.ts";
import type { ThreadNews } from "./listener-thread.ts";
import type { Seen } from "./protocol.ts";

/** Orders as they are given, without the number that their answer names. */
export type Unnumbered<T> = T extends { readonly id: number } ? Omit<T, "id"> : never;

/** A thread of the agent's that carries out orders, and says of each how it ended. */
export interface OrderedThread<Order> {
  readonly worker: Worker;
  /** Resolves when an order is carried out; rejects with why it cannot be. */
  readonly carryOut: (order: Unnumbered<Order>) => Promise<void>;
}

/** What a thread is started with, and who hears of what it says. */
export interface ThreadStart<Order, Other> {
  /** What the thread's module finds as `workerData`. */
  readonly data: unknown;
  /** Gives an order to the thread; posts it if left out. */
  readonly send?: (worker: Worker, order: Order) => void;
  /** Takes what listeners have seen. */
  readonly tell: (records: readonly Seen[]) => void;
  /** Takes what the thread says beside that. */
  readonly hear?: (news: Other) => void;
  /** Says that the thread ended, where an error that nobody caught ended it. */
  readonly describeEnd: (error: Error) => string;
}

/**
 * Starts a module of this folder, such as `listener-thread`, as a thread. One that ends takes the agent with it, by an uncaught Error: half
 * an agent would tell half the truth. An order that fails rejects with an Error that has the thread's words.
 */
export function startOrderedThread<Order extends { readonly id: number }, Other extends object = never>(
  module: string,
  { data, send = (worker, order) => worker.postMessage(order), tell, hear, describeEnd }: ThreadStart<Order, Other>,
): OrderedThread<Order> {
  // A thread begins as whoever its starter is.
  dropRole();
  const file = new URL(`${module}${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(file, { workerData: data });
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let lastId = 0;
  worker.on("message", (news: ThreadNews | Other) => {
    if ("records" in news) return tell(news.records);
    if (!("fault" in news)) return hear?.(news as Other);
    const order = waiting.get(news.id);
    waiting.delete(news.id);
    if (news.fault === null) order?.resolve();
    else order?.reject(new Error(news.fault));
  });
  worker.on("error", (error) => {
    for (const order of waiting.values()) order.reject(error);
    waiting.clear();
    setImmediate(() => {
      throw new Error(describeEnd(error), { cause: error });
    });
  });
  return {
    worker,
    carryOut: (order) =>
      new Promise((resolve, reject) => {
        waiting.set(++lastId, { resolve, reject });
        send(worker, { ...order, id: lastId } as unknown as Order);
      }),
  };
}
