import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { LandfallError } from "../errors.ts";
import { type Finding, finding } from "../model/finding.ts";

/** Finds what is known beforehand to keep a file from being written: no folder to hold it, or a folder of its name. `path` is absolute. */
export function findUnwritableFile(where: string, path: string): readonly Finding[] {
  if (!isFolder(dirname(path))) return [finding(where, `There is no folder ${dirname(path)} to write ${path} in.`)];
  if (isFolder(path)) return [finding(where, `${path} is a folder; name a file.`)];
  return [];
}

/** Finds what is known beforehand to keep a folder from being made: something else of its name. `path` is absolute. */
export function findUnwritableFolder(where: string, path: string): readonly Finding[] {
  return existsSync(path) && !isFolder(path)
    ? [finding(where, `${path} is no folder; name a folder, or one to be made.`)]
    : [];
}

/** Writes a file that the user asked for. Throws `environment` with its path, the system's words and what to do. */
export function writeOutput(path: string, text: string): void {
  attempt(path, () => writeFileSync(path, text));
}

/** Makes a folder that the user asked for, and those above it. Throws as {@link writeOutput}. */
export function makeOutputFolder(path: string): void {
  attempt(path, () => mkdirSync(path, { recursive: true }));
}

function attempt(path: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const message = `${path} cannot be written (${(cause as Error).message}); make room or rights there, or name another place.`;
    throw new LandfallError("environment", message, { cause });
  }
}

/** A path through what is no folder (`FILE/x`) is none either. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
