import { readFileSync } from "node:fs";

const NS_PER_MS = 1e6;

/**
 * Gives for how many milliseconds a process's main thread could have run, and waited because others had the processor: the second number of
 * `/proc/PID/schedstat` (Linux, Documentation/scheduler/sched-stats.rst). 0 where the kernel does not tell, or the process is gone.
 */
export function readProcessorWaitMs(pid: number): number {
  try {
    const waitedNs = Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]);
    return Number.isFinite(waitedNs) ? waitedNs / NS_PER_MS : 0;
  } catch {
    return 0;
  }
}
