import { spawnSync } from "node:child_process";
import { median } from "./figure.ts";

/** What a process has used. */
export interface Usage {
  /** From its start to its end. */
  readonly wallMs: number;
  /** Processor time, user's and system's: other work on the machine changes it little. */
  readonly ms: number;
  /** The most memory that it had at a time. */
  readonly mb: number;
}

/** A process that takes longer has missed any target, and must not keep the other figures waiting. */
const TIMEOUT_MS = 300_000;
const ROUNDS = 11;

/** Has a process say at its end, on a pipe of its own, what it has used. */
const TELL = `import { writeSync } from "node:fs";
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(3, JSON.stringify({ ms: (userCPUTime + systemCPUTime) / 1000, mb: maxRSS / 1024 }));
});`;

/**
 * Runs Node with some arguments and gives what the process has used; infinite where it does not end within five minutes. Throws where it
 * ends with another status than `status`.
 */
export function runNode(args: readonly string[], status = 0): Usage {
  const command = ["--import", `data:text/javascript,${encodeURIComponent(TELL)}`, ...args];
  const from = performance.now();
  const ended = spawnSync(process.execPath, command, {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const wallMs = performance.now() - from;
  if (ended.signal === "SIGKILL") return { wallMs: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY, mb: 0 };
  if (ended.status !== status) throw new Error(`${args.join(" ")} ended with ${ended.status}: ${ended.stderr}`);
  return { wallMs, ...(JSON.parse(String(ended.output[3])) as Pick<Usage, "ms" | "mb">) };
}

/** Gives the middle of some rounds of processes, each figure for itself, that take turns: what slows the machine slows all of them. */
export function runInTurn(
  commands: readonly (readonly string[])[],
  statuses: readonly number[] = [],
): readonly Usage[] {
  const rounds = Array.from({ length: ROUNDS }, () => commands.map((args, i) => runNode(args, statuses[i])));
  const middleOf = (i: number, figure: keyof Usage) => median(rounds.map((round) => round[i]?.[figure] ?? Number.NaN));
  return commands.map((_, i) => ({ wallMs: middleOf(i, "wallMs"), ms: middleOf(i, "ms"), mb: middleOf(i, "mb") }));
}
