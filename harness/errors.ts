import type { Finding } from "./model/finding.ts";

/**
 * Stable codes of landfall's errors, with the exit code each leads to.
 * 2: bad usage or bad input, nothing was applied. 3: the environment cannot run it.
 */
export const ERROR_EXIT_CODES = {
  "bad-usage": 2,
  "bad-input": 2,
  "rules-refused": 2,
  "rules-misread": 3,
  environment: 3,
  "budget-exceeded": 3,
  "agent-failed": 3,
  internal: 70,
} as const;

/**
 * The code of a {@link LandfallError}; codes stay as they are, messages may change. `docs/troubleshooting.md` lists them.
 * - `bad-usage`: the command line cannot be used.
 * - `bad-input`: a file, flow or text cannot be used; `findings` has every reason.
 * - `rules-refused`: iptables, nft, the kernel or a rules script refused the rules; none of them is in.
 * - `rules-misread`: landfall understands rules otherwise than the kernel does, a defect of landfall; nothing was judged.
 * - `environment`: this machine lacks something that is needed: an engine, a right, a program.
 * - `budget-exceeded`: an analysis would need more diagram nodes than it may make.
 * - `agent-failed`: an agent in the sandbox failed or gave no answer.
 * - `internal`: a defect of landfall.
 */
export type ErrorCode = keyof typeof ERROR_EXIT_CODES;

/**
 * Every error that landfall throws on purpose. The message says what was tried, what happened and what to do; the underlying error is the
 * `cause`. Programs decide by `code`, never by the message.
 *
 * @example
 * try { mapFlows(rules, 4, { ...setting, budget: 10 }); }
 * catch (error) { if (error instanceof LandfallError) return [error.code, error.exitCode]; }   // ["budget-exceeded", 3]
 */
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
