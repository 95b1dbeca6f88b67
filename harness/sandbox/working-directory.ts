import { existsSync } from "node:fs";
import { relative } from "node:path";

/** The working directory of this process. */
export interface WorkingDirectory {
  readonly path: string;
  readonly state: "there" | "removed";
}

/** What to do where it is gone, as a finding says it. */
export const REMOVED_DIRECTORY = "The working directory has been removed; change to another one.";

/**
 * Gives the working directory. One that somebody has removed keeps its name: paths that begin there are not found, all others are, and
 * nothing may be made there, since that would make it again under everybody's eyes but this process's.
 */
export function readWorkingDirectory(): WorkingDirectory {
  try {
    const path = process.cwd();
    return { path, state: existsSync(path) ? "there" : "removed" };
  } catch {
    return { path: process.env["PWD"] ?? "/", state: "removed" };
  }
}

/** Says whether an absolute path lies in a working directory that has been removed. */
export function isInRemovedDirectory(path: string): boolean {
  const { path: own, state } = readWorkingDirectory();
  return state === "removed" && !/^\.\.(?:\/|$)/.test(relative(own, path));
}
