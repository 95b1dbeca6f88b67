import type { BackendChoice } from "../model/backends.ts";
import type { SandboxOptions } from "../sandbox/open-sandbox.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";

/** Signals by which a person, a terminal or a CI runner ends a command; one that can be caught must not leave a pod behind. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** What a shell adds to the number of the signal that ended a command. */
const SIGNAL_STATUS = 128;

/** The sandboxes of this process, those being started among them. */
const sandboxes = new Set<Promise<Sandbox>>();
/** Removes this run's containers beside this process; loaded with the first sandbox, since a signal handler cannot wait for it. */
let removeAside = () => {};
let taker: (() => void) | null = null;
let state: "not-listening" | "listening" | "ending" = "not-listening";

/**
 * Opens a sandbox that the first SIGINT, SIGTERM or SIGHUP disposes of before the process ends with 128 and the signal's number. A second
 * signal ends the process at once; containers are removed all the same, by a process of their own. Where no sandbox stands the system's own
 * answer to a signal holds: an analysis keeps the event loop busy, and no listener would hear of it. Throws as `openSandbox`.
 */
export async function openInterruptibleSandbox(
  choice: BackendChoice,
  options: Partial<SandboxOptions> = {},
): Promise<Sandbox> {
  listen();
  const { openSandbox, DEFAULT_SANDBOX_OPTIONS } = await import("../sandbox/open-sandbox.ts");
  removeAside = (await import("../sandbox/docker/removal.ts")).removeContainersAside;
  // A run opens another sandbox in the place of one that is gone; this one waits for the end.
  if (isInterrupted()) return new Promise(() => {});
  const opening = openSandbox(choice, { ...DEFAULT_SANDBOX_OPTIONS, ...options }).then((sandbox) =>
    onDisposed(sandbox, forget),
  );
  const forget = () => {
    sandboxes.delete(opening);
    stopListening();
  };
  sandboxes.add(opening);
  opening.catch(forget);
  return opening;
}

/** Gives the sandbox, which then also does this once it is gone. */
function onDisposed(sandbox: Sandbox, then: () => void): Sandbox {
  const dispose = sandbox[Symbol.asyncDispose].bind(sandbox);
  const disposeAndTell = async () => {
    try {
      await dispose();
    } finally {
      then();
    }
  };
  return Object.assign(sandbox, { [Symbol.asyncDispose]: disposeAndTell });
}

/** Gives the next SIGINT or SIGTERM to `take` alone, until it is disposed of: for who waits for a person, and then ends in good order. */
export function takeInterrupt(take: () => void): Disposable {
  listen();
  taker = take;
  return {
    [Symbol.dispose]: () => {
      taker = null;
      stopListening();
    },
  };
}

/** Says whether a signal is ending this process: what the run says from then on tells of its sandbox being taken away. */
export function isInterrupted(): boolean {
  return state === "ending";
}

function listen(): void {
  if (state !== "not-listening") return;
  state = "listening";
  for (const name of SIGNALS) process.on(name, interrupt);
}

function stopListening(): void {
  if (state !== "listening" || sandboxes.size > 0 || taker !== null) return;
  state = "not-listening";
  for (const name of SIGNALS) process.off(name, interrupt);
}

function interrupt(signal: NodeJS.Signals, number: number): void {
  if (state === "ending") process.exit(SIGNAL_STATUS + number);
  if (taker !== null && signal !== "SIGHUP") {
    const take = taker;
    taker = null;
    take();
    return;
  }
  state = "ending";
  removeAside();
  // On a terminal how far the run has come may stand in the line.
  const wipe = process.stderr.isTTY ? "\r\u001b[K" : "";
  process.stderr.write(
    `${wipe}landfall: interrupted by ${signal}; removing the sandbox. Send it again to stop immediately.\n`,
  );
  void disposeOfSandboxes().then(() => process.exit(SIGNAL_STATUS + number));
}

/** Removes all sandboxes of this process. One that could not be started has undone what it began. */
export async function disposeOfSandboxes(): Promise<void> {
  await Promise.allSettled([...sandboxes].map(async (opening) => (await opening)[Symbol.asyncDispose]()));
}
