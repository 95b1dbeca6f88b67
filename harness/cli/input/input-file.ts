import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { readTextFile, TEXT_BYTES_AT_MOST } from "../../load/text-file.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { describeReadFailure } from "../../model/read-failure.ts";
import type { CommandIo } from "../command.ts";

/** Those who have read standard input: it is there once. */
const STDIN_READERS = new WeakSet<object>();

/**
 * Reads a file that the user named, a pipe too; `-` is standard input. UTF-8, or UTF-16 with a byte order mark, which is passed over. Where
 * it cannot be read, that is added to the findings, and the result is null. A pipe can be read only once.
 */
export function readInput(path: string, io: Pick<CommandIo, "workingDirectory">, findings: Finding[]): string | null {
  if (path === "-" && STDIN_READERS.has(io)) {
    findings.push(
      codedFinding("duplicate", path, "Standard input can be read only once; give one of the two as a file."),
    );
    return null;
  }
  if (path === "-") STDIN_READERS.add(io);
  try {
    return readTextFile(path === "-" ? 0 : resolve(io.workingDirectory, path));
  } catch (error) {
    findings.push(codedFinding("unreadable", path, describeReadFailure(error)));
    return null;
  }
}

/** Says why a file or pipe cannot be read, without reading it; null where it can: `This is a directory; name a file in it.` */
export function findReadFault(path: string): string | null {
  try {
    accessSync(path, constants.R_OK);
    const stat = statSync(path);
    if (stat.isDirectory()) return describeReadFailure({ code: "EISDIR" });
    return stat.isFile() && stat.size > TEXT_BYTES_AT_MOST
      ? `The file holds more than ${TEXT_BYTES_AT_MOST / 2 ** 20} MiB.`
      : null;
  } catch (error) {
    return describeReadFailure(error);
  }
}

/** Gives the absolute path of a file or pipe that an option names (`where`), unread; adds a finding where it cannot be read. */
export function resolveInput(
  where: string,
  path: string,
  { workingDirectory }: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): string {
  const full = resolve(workingDirectory, path);
  const fault = findReadFault(full);
  if (fault !== null) findings.push(codedFinding("unreadable", where, `${path}: ${fault}`));
  return full;
}

/** Says why something cannot be read again, or by another program: it is a pipe or a device. Null for a plain file, and for no file. */
export function findUnrepeatable(path: string): string | null {
  const message = "This is not a regular file, and landfall has to read it more than once; name a regular file.";
  if (path === "-") return message;
  try {
    const stat = statSync(path);
    return stat.isFile() || stat.isDirectory() ? null : message;
  } catch {
    return null;
  }
}

/** Gives a path as reports name it: relative where it is below the working directory. */
export function nameNear(path: string, { workingDirectory }: Pick<CommandIo, "workingDirectory">): string {
  if (path === "-") return path;
  const near = relative(workingDirectory, path);
  return isAbsolute(path) && !near.startsWith("..") ? near : path;
}
