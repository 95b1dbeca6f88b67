import { LandfallError } from "../errors.ts";
import type { Finding } from "../model/finding.ts";

/** Gives the error that lists all findings about `what` is to be analysed. */
export function refuse(findings: readonly Finding[], what = "The rules cannot be analysed"): LandfallError {
  const count = findings.length === 1 ? "one finding" : `${findings.length} findings`;
  return new LandfallError("bad-input", `${what} (${count}).`, { findings });
}
