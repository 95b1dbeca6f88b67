import { LandfallError } from "../errors.ts";
import type { Finding } from "../model/finding.ts";

/** Gives the error that lists all findings about `what` is to be read; `outcome` says what came of it: `nothing was applied`. */
export function refuse(
  findings: readonly Finding[],
  what = "The rules cannot be analysed",
  outcome?: string,
): LandfallError {
  return new LandfallError("bad-input", describeRefusal(findings, what, outcome), { findings });
}

/** Gives the error of a command line with these findings. */
export function refuseUsage(findings: readonly Finding[]): LandfallError {
  const message = describeRefusal(findings, "The command line cannot be used", "nothing was done");
  return new LandfallError("bad-usage", message, { findings });
}

function describeRefusal({ length }: readonly Finding[], what: string, outcome?: string): string {
  const count = length === 1 ? "one finding" : `${length} findings`;
  return `${what} (${count})${outcome === undefined ? "" : `; ${outcome}`}.`;
}
