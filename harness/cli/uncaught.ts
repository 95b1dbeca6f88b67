import { ERROR_EXIT_CODES } from "../errors.ts";
import { escapeInvisible } from "../model/visible-text.ts";

/** What Node exits with where the program waits for something that nothing will ever bring. */
const UNSETTLED = 13;
/** Longest wait for the sandboxes to be gone, in milliseconds; the next run removes what stays. */
const DISPOSAL_TIMEOUT_MS = 10_000;

let isEnding = false;

/**
 * Ends the process with 70 where something fails that nobody catches: an exception in a callback, a rejected promise, an `error` event
 * without a listener, or a wait that can never end. The text goes to stderr, and the sandboxes that `dispose` knows are removed before.
 * Node would end with 1, which says that flows landed elsewhere.
 */
export function endOnUncaught(dispose: () => Promise<void>): void {
  const end = (error: unknown) => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`landfall: an internal error; please report it with this text.\n${escapeInvisible(detail)}\n`);
    if (isEnding) process.exit(ERROR_EXIT_CODES.internal);
    isEnding = true;
    process.exitCode = ERROR_EXIT_CODES.internal;
    setTimeout(() => process.exit(ERROR_EXIT_CODES.internal), DISPOSAL_TIMEOUT_MS);
    void dispose().finally(() => process.exit(ERROR_EXIT_CODES.internal));
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
  process.on("exit", (code) => {
    if (code !== UNSETTLED) return;
    process.stderr.write(
      "landfall: an internal error; please report it: the command waits for something that can no longer happen.\n",
    );
    process.exitCode = ERROR_EXIT_CODES.internal;
  });
}
