import { readFileSync, readlinkSync } from "node:fs";

/** What tells one process from every other, on this machine and over time. */
interface RunIdentity {
  /** First 8 digits of the kernel's boot id (`/proc/sys/kernel/random/boot_id`). */
  readonly boot: string;
  /** Inode of the pid namespace in which `pid` counts. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** When the process began, in clock ticks since boot (proc_pid_stat(5), field 22): tells apart two processes that had one pid. */
  readonly startTicks: number;
}

/** How a run stands: `unknown` where it lives, or lived, in another pid namespace than ours. */
export type RunState = "alive" | "dead" | "unknown";

/** Gives this process's run id: `3f2a9c01.4026531836.4711.99120` (boot, pid namespace, pid, start). */
export function currentRunId(): string {
  const { boot, pidNamespace, pid, startTicks } = {
    ...here(),
    pid: process.pid,
    startTicks: startTicksOf(process.pid),
  };
  return [boot, pidNamespace, pid, startTicks].join(".");
}

/**
 * Says whether the process that a run id names still runs. A text that is not a run id is `unknown`, and then nothing of that run is
 * removed.
 */
export function stateOfRun(id: string): RunState {
  const run = parseRunId(id);
  if (run === null) return "unknown";
  const { boot, pidNamespace } = here();
  if (run.boot !== boot) return "dead";
  if (run.pidNamespace !== pidNamespace) return "unknown";
  return startTicksOf(run.pid) === run.startTicks ? "alive" : "dead";
}

function parseRunId(id: string): RunIdentity | null {
  const found = /^([0-9a-f]{8})\.(\d+)\.(\d+)\.(\d+)$/.exec(id);
  if (!found) return null;
  const [, boot = "", pidNamespace = "", pid, startTicks] = found;
  return { boot, pidNamespace, pid: Number(pid), startTicks: Number(startTicks) };
}

function here(): Pick<RunIdentity, "boot" | "pidNamespace"> {
  return {
    boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8),
    pidNamespace: /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0",
  };
}

/** Gives when a process began, or null where there is none. The name in field 2 may hold blanks and brackets. */
function startTicksOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return null;
  }
}
