import { createHash } from "node:crypto";
import { READ_LISTENER } from "./text-file.ts";

/** The hash of every file that was read, SHA-256 in hexadecimal, by its path as it was read; `-` is standard input. */
export type ReadRecord = Map<string, string>;

/**
 * Gives what `act` gives; while it lasts, every text that it reads is entered in the record that it is given, with the bytes that were
 * read: a pipe cannot be read again, and a file may change. A file that is read again has its last hash.
 */
export function recordReads<T>(act: (record: ReadRecord) => Promise<T>): Promise<T> {
  const record: ReadRecord = new Map();
  const note = (path: string, bytes: Uint8Array) => void record.set(path, hashBytes(bytes));
  return READ_LISTENER.run(note, () => act(record));
}

/** Gives the SHA-256 of bytes in hexadecimal. */
export function hashBytes(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
