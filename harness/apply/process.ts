import { spawnSync } from "node:child_process";

/** How a command ended: its status, and what it printed. */
export interface CommandResult {
  /** The exit status; `killed` where the command could not run to its end: a signal, or the longest wait. */
  readonly status: number | "not-there" | "killed";
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest wait for one command, in ms: iptables waits for its lock, and a stuck kernel must not hold an init container for ever. */
export const TIMEOUT_MS = 30_000;

/**
 * Runs a command with a text as its standard input; never throws. One without an exit status says why on its stderr, and nothing else.
 * The process waits for it; commands that only look can run at once (`lookAtOnce`).
 */
export function runCommand(command: string, args: readonly string[], input = ""): CommandResult {
  const options = { input, encoding: "utf8", timeout: TIMEOUT_MS, killSignal: "SIGKILL", maxBuffer: Infinity } as const;
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, options);
  // A command that ends without reading its input closes the pipe, which is an error as well; its status tells the rest.
  if (status !== null) return { status, stdout, stderr };
  const fault: NodeJS.ErrnoException | undefined = error;
  const why = describeEnd(signal, fault);
  return { status: fault?.code === "ENOENT" ? "not-there" : "killed", stdout: "", stderr: `${command}: ${why}` };
}

function describeEnd(signal: NodeJS.Signals | null, fault: NodeJS.ErrnoException | undefined): string {
  if (fault?.code === "ETIMEDOUT") return `it did not finish within ${TIMEOUT_MS / 1000} seconds`;
  return signal === null ? (fault?.message ?? "it did not run") : `it was ended by ${signal}`;
}
