import { readFileSync } from "node:fs";
import { LandfallError } from "../errors.ts";
import { REMOVED_DIRECTORY, readWorkingDirectory } from "./working-directory.ts";

/** What a process may have, from its soft limits (man 5 proc, /proc/pid/limits); infinite where there is none. */
export interface ProcessLimits {
  readonly openFiles: number;
  /** Of the user, threads counted; the kernel does not hold root to it. */
  readonly processes: number;
}

/** A sandbox has listeners, agents' pipes, and two descriptors for each flow that is in flight. */
const OPEN_FILES_NEEDED = 256;
/** This process and an agent with a thread for each owner, some ten threads each, and the tools that they start. */
const PROCESSES_NEEDED = 64;

/** What this process runs in, as far as a sandbox depends on it. */
export interface Surroundings {
  readonly uid: number;
  readonly workingDirectory: "there" | "removed";
  /** Null where /proc is not mounted. */
  readonly limits: ProcessLimits | null;
}

/**
 * Throws `environment` with every reason for which no sandbox can work here, each with what to do about it: in the middle of a run these
 * would show as a crash of whatever needs it first.
 */
export function checkSurroundings(surroundings = readSurroundings()): void {
  const faults = findFaults(surroundings);
  if (faults.length > 0) throw new LandfallError("environment", `no sandbox can work here. ${faults.join(" ")}`);
}

/** Gives every reason for which no sandbox can work here, each with what to do about it. */
export function findFaults({ uid, workingDirectory, limits }: Surroundings = readSurroundings()): readonly string[] {
  const faults: string[] = [];
  if (workingDirectory === "removed") faults.push(REMOVED_DIRECTORY);
  if (limits === null) return [...faults, "/proc is not mounted; mount it: mount -t proc proc /proc."];
  if (limits.openFiles < OPEN_FILES_NEEDED)
    faults.push(`This process may open only ${limits.openFiles} files; raise the limit: ulimit -n 1024.`);
  if (uid !== 0 && limits.processes < PROCESSES_NEEDED)
    faults.push(`This user may have only ${limits.processes} processes; raise the limit: ulimit -u 1024.`);
  return faults;
}

function readSurroundings(): Surroundings {
  return { uid: process.geteuid?.() ?? 0, workingDirectory: readWorkingDirectory().state, limits: readLimits() };
}

function readLimits(): ProcessLimits | null {
  if (process.platform !== "linux") return { openFiles: Number.POSITIVE_INFINITY, processes: Number.POSITIVE_INFINITY };
  try {
    const text = readFileSync("/proc/self/limits", "utf8");
    return { openFiles: readLimit(text, "Max open files"), processes: readLimit(text, "Max processes") };
  } catch {
    return null;
  }
}

function readLimit(text: string, name: string): number {
  const soft = new RegExp(`^${name}\\s+(\\d+)`, "m").exec(text)?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
