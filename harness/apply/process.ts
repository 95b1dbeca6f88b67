import { spawnSync } from "node:child_process";

/** What a command came to. */
export interface CommandResult {
  /** The exit status; null where the command is not there, or was killed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest wait for one command: iptables waits for its lock, and a stuck kernel must not hold an init container for ever. */
const TIMEOUT_MS = 30_000;

/**
 * Runs a command with a text as its standard input; never throws. A command that is not there has status null and says so. The process
 * waits for it: two commands at once would end sooner, but the streams that a process must load to wait for both cost more than that.
 */
export function runCommand(command: string, args: readonly string[], input = ""): CommandResult {
  const options = { input, encoding: "utf8", timeout: TIMEOUT_MS, killSignal: "SIGKILL", maxBuffer: Infinity } as const;
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  // A command that ends without reading its input closes the pipe; its status tells the rest.
  if (status === null && error) return { status, stdout: "", stderr: `${command}: ${error.message}` };
  return { status, stdout, stderr };
}
