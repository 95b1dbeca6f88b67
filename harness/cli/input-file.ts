import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Finding, finding } from "../model/finding.ts";
import { describeReadFailure } from "../model/read-failure.ts";
import type { CommandIo } from "./command.ts";

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
    return statSync(path).isDirectory() ? describeReadFailure({ code: "EISDIR" }) : null;
  } catch (error) {
    return describeReadFailure(error);
  }
}
