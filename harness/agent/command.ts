import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { CallError } from "./fault.ts";
import { runInNamespace } from "./identity.ts";
import type { AgentFault, CommandOutcome } from "./protocol.ts";

/** A command with the network namespace it runs in, as a descriptor. */
export interface NamespaceCommand {
  /** A descriptor; null for the agent's own namespace. */
  readonly namespace: number | null;
  readonly command: readonly string[];
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** What it is where the command has not ended by then; the agent's own failure if left out. */
  readonly timeoutFault?: AgentFault["code"];
  /**
   * For a program that says itself when it is done: `mark` is what it prints then; the result is given at once, with status 0. Its stdin
   * stays open until `lingerUntil` is settled, or a tenth of a second at most.
   */
  readonly done?: { readonly mark: string; readonly lingerUntil: Promise<unknown> };
}

const TIMEOUT_MS = 10_000;
/** How long the output of a process that has ended is read, where another process holds it open. */
const OUTPUT_LINGER_MS = 100;
/** How long the stdin of a process that says itself when it is done is kept open. */
const LINGER_MS = 100;

/**
 * Runs a command and waits for its end: the process is forked by this thread and so begins in the thread's namespace. It has ended when
 * its own process has: one that it has left running, and that holds its output open, is not waited for.
 * Throws `environment` where the program is not there, `timeoutFault` where it had to be killed.
 */
export function runNamespaceCommand({
  namespace,
  command,
  stdin = "",
  environment = {},
  timeoutMs = TIMEOUT_MS,
  timeoutFault = "agent-failed",
  done,
}: NamespaceCommand): Promise<CommandOutcome> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = runInNamespace(namespace, () =>
      spawn(program, args, { env: { ...process.env, ...environment }, stdio: "pipe", detached: true }),
    );
    const timer = setTimeout(() => {
      killGroup(child.pid);
      reject(new CallError(timeoutFault, `${program} did not end within ${timeoutMs} ms and was killed`));
    }, timeoutMs);
    const [stdout, stderr] = [collectText(child.stdout), collectText(child.stderr)];
    if (done) {
      const giveResult = () => stdout().includes(done.mark) && resolve({ status: 0, stdout: stdout(), stderr: "" });
      child.stdout.on("data", giveResult);
    }
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(new CallError("environment", `cannot run ${program}: ${error.message}`, { cause: error }));
    });
    const giveEnd = (status: number | null) => {
      clearTimeout(timer);
      resolve({ status, stdout: stdout(), stderr: stderr() });
    };
    // Usually the output ends with the process. Where it stays open, what the process has printed is read within a moment.
    child.on("close", giveEnd);
    child.on("exit", (status) => void wait(OUTPUT_LINGER_MS, undefined, { ref: false }).then(() => giveEnd(status)));
    // A program that does not read its input to the end closes the pipe; its status tells whether that was well.
    child.stdin.on("error", () => {});
    child.stdin.write(stdin);
    if (done) void Promise.race([done.lingerUntil, wait(LINGER_MS)]).then(() => child.stdin.end());
    else child.stdin.end();
  });
}

/** The same, throwing `environment` with what the program said where its status is not 0. */
export async function runChecked(command: NamespaceCommand): Promise<string> {
  const { status, stdout, stderr } = await runNamespaceCommand(command);
  if (status === 0) return stdout;
  const text = command.command.join(" ");
  throw new CallError(
    "environment",
    `${text} ended with status ${status}: ${stderr.trim() || "it printed no message"}`,
  );
}

/** Kills a process with those it has started; it leads a process group of its own. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Collects what a stream gives; the function given back tells the text so far. */
export function collectText(stream: NodeJS.ReadableStream): () => string {
  const chunks: string[] = [];
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => chunks.push(chunk));
  return () => chunks.join("");
}
