import { availableParallelism, freemem } from "node:os";
import { backendOf } from "../../model/backends.ts";
import type { CommandIo } from "../command.ts";
import type { VerifyOptions } from "./options.ts";

/** Memory that a sandbox may take: its agents, and a real Envoy beside them. */
const BYTES_PER_JOB = 200 * 2 ** 20;

/**
 * Gives the number of sandboxes that work at the same time: what `--jobs` asks for, as far as the machine has processors and memory for it,
 * which is said if it is less. Without `--jobs`: rules change in the kernel's own time, in which another sandbox can work, so several for
 * a longer run, where nobody wants to look.
 */
export function chooseJobs(options: VerifyOptions, scenarios: number, io: Pick<CommandIo, "err">): number {
  const most = countMostJobs(options.sandbox, availableParallelism(), freemem());
  const wanted = options.jobs ?? preferJobs(options, scenarios);
  if (options.jobs !== null && Math.min(wanted, scenarios) > most)
    io.err(`landfall: this machine cannot run --jobs ${wanted}; running ${most} sandboxes at the same time.\n`);
  return Math.min(wanted, most);
}

/** Gives the sandboxes of a backend that a machine can serve at the same time, at least 1; `freeBytes` is its free memory. */
export function countMostJobs(backend: VerifyOptions["sandbox"], processors: number, freeBytes: number): number {
  const byMemory = Math.floor(freeBytes / BYTES_PER_JOB);
  return Math.max(1, Math.min(processors * backendOf(backend).jobsPerProcessor, byMemory));
}

function preferJobs(options: VerifyOptions, scenarios: number): number {
  const isLooking = options.afterwards === "keep" || options.onWrong === "pause" || options.repetition === "watch";
  if (scenarios < 8 || isLooking) return 1;
  return backendOf(options.sandbox).jobs.scenarios;
}
