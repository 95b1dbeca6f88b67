import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Finding, finding } from "../model/finding.ts";
import { describeReadFailure } from "../model/read-failure.ts";
import type { CommandIo } from "./command.ts";

/** Those who have read standard input: it is there once. */
const STDIN_READERS = new WeakSet<object>();

/**
 * Reads a file that the user named, a pipe too; `-` is standard input. UTF-8, or UTF-16 with a byte order mark, which is passed over. Where
 * it cannot be read, that is added to the findings, and the result is null. A pipe can be read only once.
 */
export function readInput(path: string, io: Pick<CommandIo, "workingDirectory">, findings: Finding[]): string | null {
  if (path === "-" && STDIN_READERS.has(io)) {
    findings.push(finding(path, "Standard input can be read only once; give the other text as a file."));
    return null;
  }
  if (path === "-") STDIN_READERS.add(io);
  try {
    return decode(readFileSync(path === "-" ? 0 : resolve(io.workingDirectory, path)));
  } catch (error) {
    findings.push(finding(path, describeReadFailure(error)));
    return null;
  }
}

/** Editors and shells of Windows write UTF-16, and say so in the first two bytes. */
function decode(bytes: Buffer): string {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return new TextDecoder(isUtf16 ? (first === 0xff ? "utf-16le" : "utf-16be") : "utf-8").decode(bytes);
}

/** Says why a file or pipe cannot be read, without reading it; null where it can: `This is a directory; name a file in it.` */
export function findReadFault(path: string): string | null {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory() ? describeReadFailure({ code: "EISDIR" }) : null;
  } catch (error) {
    return describeReadFailure(error);
  }
}
