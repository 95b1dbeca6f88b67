import type { LandfallError } from "../errors.ts";
import { capFindings } from "../model/finding.ts";

/** The most findings that are shown: a screen of them. */
const FINDINGS_AT_MOST = 20;

/** Gives an error as a person reads it: its message, and a line for each finding with its place, a screen of them at most. */
export function renderError({ message, findings }: LandfallError): string {
  const lines = capFindings(findings, FINDINGS_AT_MOST).map(
    (f) => `  ${[f.where, f.line, f.column].filter((part) => part !== null).join(":")}: ${f.message}\n`,
  );
  return `landfall: ${message}\n${lines.join("")}`;
}
