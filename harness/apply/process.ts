import { spawn } from "node:child_process";

/** What a command came to. */
export interface CommandResult {
  /** The exit status; null where the command is not there, or was killed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest wait for one command: iptables waits for its lock, and a stuck kernel must not hold an init container for ever. */
const TIMEOUT_MS = 30_000;

/** Runs a command with a text as its standard input; never throws. A command that is not there has status null and says so. */
export function runCommand(command: string, args: readonly string[], input = ""): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "pipe", timeout: TIMEOUT_MS, killSignal: "SIGKILL" });
    const texts = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      texts.stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      texts.stderr += chunk;
    });
    // A command that ends without reading its input closes the pipe; its status tells the rest.
    child.stdin.on("error", () => {});
    child.on("error", (error) => resolve({ status: null, stdout: "", stderr: `${command}: ${error.message}` }));
    child.on("close", (status) => resolve({ status, ...texts }));
    child.stdin.end(input);
  });
}
