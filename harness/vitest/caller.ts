import { LandfallError } from "../errors.ts";

/**
 * Does something for who calls `called`, and lets what it throws point there: vitest shows the line that stands first in the stack, and a
 * typo stands in a test. What only landfall's own lines explain, `internal` and errors that are not its own, keeps these behind the
 * caller's.
 *
 * Call it before anything is awaited, while the caller is still on the stack.
 *
 * @example
 * apply(source: RuleSource): Promise<void> {
 *   return blameCaller(this.apply, () => this.#apply(source));
 * }
 */
export async function blameCaller<T>(called: (...args: never[]) => unknown, act: () => Promise<T>): Promise<T> {
  const caller = { stack: "" };
  Error.captureStackTrace(caller, called);
  try {
    return await act();
  } catch (error) {
    if (error instanceof Error) error.stack = renderStack(error, caller.stack);
    throw error;
  }
}

function renderStack(error: Error, callerStack: string): string {
  const isExplained = error instanceof LandfallError && error.code !== "internal";
  const own = isExplained ? [] : listFrames((error.stack ?? "").replace(error.message, ""));
  return [`${error.name}: ${error.message}`, ...listFrames(callerStack), ...own].join("\n");
}

function listFrames(stack: string): readonly string[] {
  return stack.split("\n").filter((line) => /^\s+at /.test(line));
}
