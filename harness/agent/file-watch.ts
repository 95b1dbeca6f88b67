import { checkResult, epollControl, epollCreate, epollWait, KERNEL, lastErrno, SyscallError } from "./syscalls.ts";

/** `struct epoll_event` is packed on x86-64 alone (include/uapi/linux/eventpoll.h): the events asked for, then 8 bytes of one's own. */
const EVENT = process.arch === "x64" ? { bytes: 12, data: 4 } : { bytes: 16, data: 8 };
const AT_ONCE = 64;

/** Descriptors that one thread waits for together (`epoll(7)`). Unlike that of `poll(2)`, the cost does not grow with their number. */
export class FileWatch {
  readonly #epoll = checkResult(epollCreate(KERNEL.SOCK_CLOEXEC), "epoll_create1 for", "a thread");
  readonly #events = Buffer.alloc(AT_ONCE * EVENT.bytes);

  /** From now on waits for a descriptor too, until `remove` or until it is closed. Throws a SyscallError. */
  add(fd: number): void {
    const event = Buffer.alloc(EVENT.bytes);
    event.writeUInt32LE(KERNEL.POLLIN, 0);
    event.writeInt32LE(fd, EVENT.data);
    checkResult(epollControl(this.#epoll, KERNEL.EPOLL_CTL_ADD, fd, event), "epoll_ctl for", `descriptor ${fd}`);
  }

  /** Waits for a descriptor no longer. */
  remove(fd: number): void {
    const event = Buffer.alloc(EVENT.bytes);
    checkResult(epollControl(this.#epoll, KERNEL.EPOLL_CTL_DEL, fd, event), "epoll_ctl for", `descriptor ${fd}`);
  }

  /**
   * Blocks the calling thread until one of them can be read or has an error, for `timeoutMs` at most (-1: for ever); gives those that can,
   * 64 at most: the others are given by the next call. Throws a SyscallError.
   */
  wait(timeoutMs: number): readonly number[] {
    const count = epollWait(this.#epoll, this.#events, AT_ONCE, timeoutMs);
    if (count < 0 && lastErrno() !== KERNEL.EINTR) throw new SyscallError("epoll_wait", "sockets", lastErrno());
    const ready: number[] = [];
    for (let i = 0; i < count; i++) ready.push(this.#events.readInt32LE(i * EVENT.bytes + EVENT.data));
    return ready;
  }
}
