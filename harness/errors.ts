import type { Finding } from "./model/finding.ts";

/**
 * Stable codes of landfall's errors, with the exit code each leads to.
 * 2: bad usage or bad input, nothing was applied. 3: the environment cannot run it.
 */
export const ERROR_EXIT_CODES = {
  "bad-usage": 2,
  "bad-input": 2,
  "rules-refused": 2,
  environment: 3,
  "budget-exceeded": 3,
  "agent-failed": 3,
  internal: 70,
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_EXIT_CODES;

/** Every error landfall throws on purpose: what was tried, what came back, what to do; the foreign failure is the `cause`. */
export class LandfallError extends Error {
  readonly code: ErrorCode;
  /** Every finding about the input; empty where the input is not to blame. */
  readonly findings: readonly Finding[];

  constructor(code: ErrorCode, message: string, options: { findings?: readonly Finding[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LandfallError";
    this.code = code;
    this.findings = options.findings ?? [];
  }

  /** The exit code a command ends with when this error ends it. */
  get exitCode(): 2 | 3 | 70 {
    return ERROR_EXIT_CODES[this.code];
  }
}

/** Gives the message of whatever was thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Gives what a program that failed has said on stderr, from the error of `node:child_process`; else the error's message. */
export function describeFailure(error: unknown): string {
  const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
  return said === "" ? describeError(error) : said;
}
