import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Finding, finding } from "../model/finding.ts";
import type { CommandIo } from "./command.ts";

/** What a person does about the failures that are theirs; the others are told as Node does. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file.",
  ENOTDIR: "There is no such file: a part of the path is no directory.",
  EISDIR: "This is a directory; name a file in it.",
  EACCES: "Permission denied: this user may not read it.",
  EPERM: "Permission denied: this user may not read it.",
};

/**
 * Reads a file that the user named, a pipe too; a byte order mark is passed over. Where it cannot be read, that is added to the findings,
 * and the result is null. A pipe can be read only once.
 */
export function readInput(path: string, io: Pick<CommandIo, "workingDirectory">, findings: Finding[]): string | null {
  try {
    return readFileSync(resolve(io.workingDirectory, path), "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    findings.push(finding(path, describeReadFailure(error)));
    return null;
  }
}

/** Says why a file or pipe cannot be read, without reading it; null where it can: `This is a directory; name a file in it.` */
export function findReadFault(path: string): string | null {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory() ? (CAUSES["EISDIR"] ?? null) : null;
  } catch (error) {
    return describeReadFailure(error);
  }
}

function describeReadFailure(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return CAUSES[code] ?? `The file cannot be read: ${message}.`;
}
