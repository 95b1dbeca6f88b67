import type { AgentFault } from "./protocol.ts";

/** A call that failed for a reason the asker should know by its code. */
export class CallError extends Error {
  readonly code: AgentFault["code"];

  constructor(code: AgentFault["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CallError";
    this.code = code;
  }
}

/** Gives any error as the fault of a reply; what nobody foresaw is `agent-failed`. */
export function makeFault(error: unknown): AgentFault {
  if (error instanceof CallError) return { code: error.code, message: error.message };
  return { code: "agent-failed", message: describeError(error) };
}

/** Gives the message of whatever was thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
