import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { collectText } from "./command.ts";
import { CallError } from "./fault.ts";
import { runInNamespace } from "./identity.ts";
import type { CommandOutcome, CommandSpec } from "./protocol.ts";
import { confineCommand } from "./script-confinement.ts";

/** How long the processes that a script has left may take to end with their namespace before they are killed one by one. */
const END_TIMEOUT_MS = 1_000;

/** A script as it is run here, in a namespace that is given as a descriptor. */
interface ConfinedScript extends Pick<CommandSpec, "command" | "environment" | "timeoutMs"> {
  readonly namespace: number | null;
}

/**
 * Rules scripts that this agent has run, confined as `script-confinement.ts` says. A script has ended when its own process has ended, even
 * if it has left others behind that hold its output open; those live until `end`.
 */
export class RulesScripts {
  readonly #held = new Set<ChildProcess>();

  /**
   * Runs a script and gives its status and output. Its environment is `environment`, nothing of the agent's own. Throws `environment` where
   * it cannot be started, `rules-refused` where it had to be killed since it did not end in time.
   */
  async run({ namespace, command, environment, timeoutMs }: ConfinedScript): Promise<CommandOutcome> {
    const [program = "", ...args] = confineCommand(command);
    const child = runInNamespace(namespace, () =>
      spawn(program, args, { env: { ...environment }, stdio: ["pipe", "pipe", "pipe", "pipe"] }),
    );
    this.#held.add(child);
    child.once("exit", () => this.#held.delete(child));
    child.stdin?.on("error", () => {});
    const [stdout, stderr, said] = [child.stdout, child.stderr, child.stdio[3]].map((stream) =>
      collectText(stream as Readable),
    );
    const failed = new Promise<never>((_, reject) =>
      child.once("error", (error) => reject(new CallError("environment", `cannot run ${program}: ${error.message}`))),
    );
    const deadline = new AbortController();
    const late = wait(timeoutMs, "late" as const, { signal: deadline.signal }).catch(() => "in time" as const);
    const ended = await Promise.race([once(child.stdio[3] as Readable, "data"), once(child, "exit"), failed, late]);
    deadline.abort();
    if (ended === "late") {
      await this.#endOne(child, "SIGKILL");
      throw new CallError("rules-refused", `${command[0]} did not end within ${timeoutMs} ms and was killed`);
    }
    // What the script printed is in the pipes by now; one turn of the event loop reads it.
    await wait(0);
    const text = said?.() ?? "";
    const status = text === "" ? child.exitCode : Number(text);
    return { status, stdout: stdout?.() ?? "", stderr: stderr?.() ?? "" };
  }

  /** Ends whatever scripts have left running, and waits until it is gone. */
  async end(): Promise<void> {
    await Promise.all([...this.#held].map((child) => this.#endOne(child, null)));
  }

  async #endOne(child: ChildProcess, signal: "SIGKILL" | null): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    if (signal === null) child.stdin?.end();
    else child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  }
}
