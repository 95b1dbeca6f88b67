import { KERNEL, lastErrno, poll, SyscallError } from "./syscalls.ts";

/** `struct pollfd`: descriptor, events asked for, events that happened. */
const POLLFD_BYTES = 8;

/**
 * Blocks the calling thread until one of some descriptors can be read or has an error, for `timeoutMs` at most (-1: for ever); gives all
 * that can. Throws a SyscallError.
 */
export function waitForFiles(files: readonly number[], timeoutMs: number): ReadonlySet<number> {
  const list = Buffer.alloc(files.length * POLLFD_BYTES);
  for (const [i, fd] of files.entries()) {
    list.writeInt32LE(fd, i * POLLFD_BYTES);
    list.writeInt16LE(KERNEL.POLLIN, i * POLLFD_BYTES + 4);
  }
  if (poll(list, files.length, timeoutMs) < 0 && lastErrno() !== KERNEL.EINTR)
    throw new SyscallError("poll", "sockets", lastErrno());
  return new Set(files.filter((_, i) => list.readInt16LE(i * POLLFD_BYTES + 6) !== 0));
}
