import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { CallError } from "./fault.ts";
import { runInNamespace } from "./identity.ts";
import { forEachLine } from "./lines.ts";
import type { EnvoySpec } from "./protocol.ts";

/** What Envoy 1.40 writes once its listeners are open (source/server/server.cc). */
const READY = "starting main dispatch loop";
const START_DEADLINE_MS = 20_000;
const LAST_WORDS_CHARACTERS = 2_000;
/** Envoy's own descriptor of its program, so that the path to it need not be open to the proxy's uid. */
const PROGRAM_DESCRIPTOR = 3;

/**
 * A running Envoy. It ends with the agent, however that ends: wherever a sandbox is made, the agent is the first process of a pid
 * namespace, and the kernel ends the others with it (man 7 pid_namespaces). One that exits unasked ends the agent with an uncaught Error.
 */
export class EnvoyProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #state: "wanted" | "disposed" = "wanted";

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#gone = new Promise((resolve) => {
      for (const event of ["close", "error"]) child.once(event, () => resolve());
    });
  }

  /**
   * Starts Envoy in a network namespace (a descriptor) and waits until it listens; `tell` is given the lines of its access log.
   * Throws `environment` with its last words where it does not come up.
   */
  static async start(
    spec: EnvoySpec,
    namespace: number | null,
    tell: (lines: readonly string[]) => void,
  ): Promise<EnvoyProcess> {
    const program = openProgram(spec.program);
    const [command = "", ...args] = commandOf(spec);
    const child = runInNamespace(namespace, () => spawn(command, args, { stdio: ["ignore", "pipe", "pipe", program] }));
    closeSync(program);
    const envoy = new EnvoyProcess(child);
    if (child.stdout) void forEachLine(child.stdout, (line) => tell([line]));
    try {
      await envoy.#listens();
      envoy.#guard();
      return envoy;
    } catch (error) {
      await envoy[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "disposed";
    const { pid, exitCode, signalCode } = this.#child;
    // `child.kill` would say nothing of a signal that is not permitted: Envoy has other ids, and that takes CAP_KILL.
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(pid, "SIGKILL");
    await this.#gone;
  }

  /** An Envoy that ends unasked takes the agent with it: what flows meet then says nothing of the rules. */
  #guard(): void {
    void this.#gone.then(() =>
      setImmediate(() => {
        if (this.#state === "wanted") throw new Error(`Envoy has exited (status ${this.#child.exitCode})`);
      }),
    );
  }

  /** What Envoy says once it listens is read too, and dropped: a full pipe would stop it. */
  async #listens(): Promise<void> {
    const { stderr } = this.#child;
    let words = "";
    const fault = new Promise<never>((_, reject) => {
      const fail = (why: string) =>
        reject(new CallError("environment", `Envoy ${why}: ${words.trim().slice(-LAST_WORDS_CHARACTERS)}`));
      this.#child.once("error", (error) => fail(`cannot be started (${error.message})`));
      this.#child.once("close", (status) => fail(`ended with status ${status}`));
      AbortSignal.timeout(START_DEADLINE_MS).addEventListener("abort", () => fail("did not start listening in time"));
    });
    const ready = new Promise<void>((resolve) => {
      stderr?.setEncoding("utf8").on("data", (text: string) => {
        if (!words.includes(READY)) words += text;
        if (words.includes(READY)) resolve();
      });
    });
    fault.catch(() => {});
    await Promise.race([ready, fault]);
  }
}

function openProgram(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new CallError("environment", `there is no Envoy at ${path}`, { cause });
  }
}

/**
 * setpriv(1) of util-linux takes the proxy's ids and keeps the one right that transparent listeners need. One worker thread keeps the log
 * in the order of events; hot restart would leave shared memory behind.
 */
function commandOf({ owner, bootstrap }: EnvoySpec): readonly string[] {
  return [
    ...["setpriv", `--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"],
    ...["--inh-caps=+net_admin", "--ambient-caps=+net_admin", "--"],
    ...[`/proc/self/fd/${PROGRAM_DESCRIPTOR}`, "--config-yaml", JSON.stringify(bootstrap)],
    ...["--concurrency", "1", "--disable-hot-restart", "--file-flush-interval-msec", "1"],
  ];
}
