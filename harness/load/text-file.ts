import { AsyncLocalStorage } from "node:async_hooks";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Who is told what bytes {@link readTextFile} has read from which path, while something runs that keeps a record. */
export const READ_LISTENER = new AsyncLocalStorage<(path: string, bytes: Uint8Array) => void>();
/** The largest dump of rules is a tenth of this; a device that never ends is given up here. */
export const TEXT_BYTES_AT_MOST = 256 * 2 ** 20;
const CHUNK_BYTES = 2 ** 20;
/** How long landfall waits until somebody writes into a named pipe. */
const WRITER_DEADLINE_MS = 2_000;
const PAUSE_MS = 10;
/** The shell makes `<(…)` with its writer, so that the end of what it wrote is the end, even where that is nothing. */
const DESCRIPTOR = /^\/(?:dev|proc\/[^/]+)\/fd\/|^\/dev\/stdin$/;

/**
 * Reads a text from a file, a pipe or a descriptor (0 is standard input): UTF-8, or UTF-16 with a byte order mark, which is passed over.
 * Throws what the system says, and an error of its own for a named pipe into which nobody writes within two seconds and for more than
 * 256 MiB. A pipe can be read only once. A writer that is there is waited for, however slow it is; a signal ends the waiting.
 */
export function readTextFile(path: string | 0): string {
  if (path === 0) return decode("-", readAll(0, 0));
  // A pipe that nobody writes into would hold up open(2) itself (fifo(7)).
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const isNamedPipe = fstatSync(file).isFIFO() && !DESCRIPTOR.test(path);
    return decode(path, readAll(file, isNamedPipe ? WRITER_DEADLINE_MS : 0));
  } finally {
    closeSync(file);
  }
}

/** Editors and shells of Windows write UTF-16, and say so in the first two bytes. */
function decode(path: string, bytes: Buffer): string {
  READ_LISTENER.getStore()?.(path, bytes);
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return new TextDecoder(isUtf16 ? (first === 0xff ? "utf-16le" : "utf-16be") : "utf-8").decode(bytes);
}

function readAll(file: number, writerDeadlineMs: number): Buffer {
  const chunks: Buffer[] = [];
  const giveUpAt = performance.now() + writerDeadlineMs;
  for (let bytes = 0; ; ) {
    const chunk = readChunk(file);
    if (chunk === "not-yet") pause();
    else if (chunk.length > 0) {
      chunks.push(chunk);
      bytes += chunk.length;
    } else if (bytes > 0 || writerDeadlineMs === 0) return Buffer.concat(chunks);
    else if (performance.now() > giveUpAt)
      throw new Error(`it is a pipe, and nothing was written to it within ${writerDeadlineMs / 1000} s`);
    else pause();
    if (bytes > TEXT_BYTES_AT_MOST) throw new Error(`it holds more than ${TEXT_BYTES_AT_MOST / 2 ** 20} MiB`);
  }
}

function readChunk(file: number): Buffer | "not-yet" {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  try {
    return chunk.subarray(0, readSync(file, chunk, 0, CHUNK_BYTES, null));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "not-yet";
    throw error;
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}
