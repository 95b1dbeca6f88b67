import type { DatagramWaiting } from "./datagram-exchange.ts";
import { type Incoming, receiveIncoming } from "./datagram-message.ts";
import type { FileWatch } from "./file-watch.ts";
import { close } from "./syscalls.ts";

type Take = (fd: number, incoming: Incoming) => void;
interface Deadline {
  readonly atMs: number;
  readonly act: () => void;
}

/** What a thread waits for that stands in the kernel and so has no timers of Node's: sockets that are awaited, and times. */
export class DatagramWaits implements DatagramWaiting {
  readonly #watch: FileWatch;
  readonly #takers = new Map<number, Take>();
  readonly #deadlines = new Set<Deadline>();

  constructor(watch: FileWatch) {
    this.#watch = watch;
  }

  await(files: readonly number[], take: Take): void {
    for (const fd of files) {
      if (!this.#takers.has(fd)) this.#watch.add(fd);
      this.#takers.set(fd, take);
    }
  }

  release(files: readonly number[]): void {
    for (const fd of files) {
      this.#takers.delete(fd);
      close(fd);
    }
  }

  after(waitMs: number, act: () => void): () => void {
    const deadline = { atMs: performance.now() + waitMs, act };
    this.#deadlines.add(deadline);
    return () => this.#deadlines.delete(deadline);
  }

  /** Hands over what has come in at a descriptor, if it is awaited and something has. */
  takeIn(fd: number): "something" | "nothing" {
    const take = this.#takers.get(fd);
    const incoming = take === undefined ? null : receiveIncoming(fd);
    if (take === undefined || incoming === null) return "nothing";
    this.#takers.delete(fd);
    this.#watch.remove(fd);
    take(fd, incoming);
    return "something";
  }

  /** Gives the milliseconds until the next time that something waits for, whole ones, rounded up; null where nothing does. */
  untilNextMs(): number | null {
    const next = Math.min(...[...this.#deadlines].map(({ atMs }) => atMs));
    return Number.isFinite(next) ? Math.max(0, Math.ceil(next - performance.now())) : null;
  }

  /** Does what was to be done at times that are over. */
  actOnTime(): void {
    const now = performance.now();
    for (const deadline of this.#deadlines) {
      if (deadline.atMs > now || !this.#deadlines.delete(deadline)) continue;
      deadline.act();
    }
  }
}
