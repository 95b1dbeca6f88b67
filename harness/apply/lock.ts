import { createConnection, createServer, type Server, type Socket } from "node:net";
import { LandfallError } from "../errors.ts";

/**
 * An abstract socket: its name belongs to the network namespace, whichever container looks, and is free again when its holder ends,
 * however.
 */
const LOCK_NAME = "\0landfall-apply";
/** Longest wait for the others, each of which takes well under a second. */
const TIMEOUT_MS = 30_000;

/**
 * Keeps every other `apply` and `clean` out of this network namespace until it is disposed of; waits for one that is at work. Throws
 * `environment` where that takes longer than half a minute.
 */
export async function lockNamespace(): Promise<AsyncDisposable> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  for (;;) {
    const lock = await tryLock();
    if (lock) return lock;
    await waitForHolder(deadline);
    if (deadline.aborted) {
      throw new LandfallError(
        "environment",
        "Another landfall process has been changing this namespace for half a minute. Stop it, and try again.",
      );
    }
  }
}

function tryLock(): Promise<AsyncDisposable | null> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const server = createServer((socket) => waiting.add(socket.on("error", () => {})));
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(null) : reject(error),
    );
    server.listen(LOCK_NAME, () => resolve({ [Symbol.asyncDispose]: () => unlock(server, waiting) }));
  });
}

function unlock(server: Server, waiting: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of waiting) socket.destroy();
  });
}

/** The holder's end of the line closes with the holder. */
function waitForHolder(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const line = createConnection({ path: LOCK_NAME, signal });
    line.on("error", () => {}).on("close", () => resolve());
    line.resume();
  });
}
