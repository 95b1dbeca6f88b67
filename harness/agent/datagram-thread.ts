import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { DatagramListener, type DatagramListenerOrder } from "./datagram-listener.ts";
import { describeError } from "./fault.ts";
import type { ThreadNews } from "./listener-thread.ts";
import { checkResult, KERNEL, lastErrno, poll, read, SyscallError } from "./syscalls.ts";

/** What the thread for datagrams is told; after each message its wake-up descriptor is written to. */
export type DatagramOrder =
  | { readonly id: number; readonly order: "open"; readonly listeners: readonly DatagramListenerOrder[] }
  | { readonly id: number; readonly order: "close"; readonly keys: readonly string[] }
  | { readonly id: number; readonly order: "flush" | "end" };

/** `struct pollfd`: descriptor, events asked for, events that happened. */
const POLLFD_BYTES = 8;

/**
 * Serves all listeners for datagrams. The thread waits in `poll(2)`: Node's own UDP sockets do not say which address a datagram was for.
 * Sockets come open from the main thread; each has the owner of the moment it was made.
 */
function serveDatagrams(port: MessagePort, wake: number): void {
  const say = (news: ThreadNews) => port.postMessage(news);
  const listeners = new Map<string, DatagramListener>();
  for (;;) {
    const open = [...listeners.values()].flatMap((listener) => listener.files.map((fd) => ({ fd, listener })));
    const ready = waitFor([wake, ...open.map(({ fd }) => fd)]);
    // Before orders: what is told with a flush is everything that came before it.
    for (const { fd, listener } of open) if (ready.has(fd)) listener.serve(fd, (records) => say({ records }));
    if (!ready.has(wake)) continue;
    checkResult(Number(read(wake, Buffer.alloc(8), 8)), "read", "the wake-up descriptor");
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
      const order = next.message as DatagramOrder;
      if (order.order === "end") return;
      say({ id: order.id, fault: carryOut(order, listeners) });
    }
  }
}

/** Gives why it failed, or null. */
function carryOut(order: DatagramOrder, listeners: Map<string, DatagramListener>): string | null {
  try {
    if (order.order === "open")
      for (const listener of order.listeners) listeners.set(listener.key, new DatagramListener(listener));
    if (order.order === "close")
      for (const key of order.keys) {
        listeners.get(key)?.close();
        listeners.delete(key);
      }
    return null;
  } catch (error) {
    return describeError(error);
  }
}

/** Waits until one of some descriptors can be read; gives all that can. */
function waitFor(files: readonly number[]): ReadonlySet<number> {
  const list = Buffer.alloc(files.length * POLLFD_BYTES);
  for (const [i, fd] of files.entries()) {
    list.writeInt32LE(fd, i * POLLFD_BYTES);
    list.writeInt16LE(KERNEL.POLLIN, i * POLLFD_BYTES + 4);
  }
  if (poll(list, files.length, -1) < 0 && lastErrno() !== KERNEL.EINTR)
    throw new SyscallError("poll", "sockets", lastErrno());
  return new Set(files.filter((_, i) => list.readInt16LE(i * POLLFD_BYTES + 6) !== 0));
}

if (parentPort) serveDatagrams(parentPort, workerData as number);
