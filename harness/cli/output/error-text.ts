import type { LandfallError } from "../../errors.ts";
import { capFindings, type Finding } from "../../model/finding.ts";

/** The most findings that are shown: a screen of them. */
const FINDINGS_AT_MOST = 20;
/** The most lines that one finding takes; few have more than one. */
const FINDING_LINES_AT_MOST = 4;
/** The most lines of the message itself: it may hold what a program said, or the stack of an internal error. */
const MESSAGE_LINES_AT_MOST = 16;
/** Of a text that is too long, so many lines at its end are shown. */
const LAST_LINES = 2;
/** The most characters of one line. */
const LETTERS_AT_MOST = 1_000;

/** Gives an error as a person reads it: its message, and a line for each finding with its place, a screen of them at most. */
export function renderError({ message, findings }: LandfallError): string {
  const lines = capFindings(findings, FINDINGS_AT_MOST).map((each) => `  ${renderFinding(each)}\n`);
  return `landfall: ${limitLines(message, MESSAGE_LINES_AT_MOST)}\n${lines.join("")}`;
}

/** Gives a finding as `WHERE:LINE:COLUMN: MESSAGE`. */
export function renderFinding({ where, line, column, message }: Finding): string {
  const place = [shorten(where).replaceAll("\n", "\\n"), line, column].filter((part) => part !== null).join(":");
  return `${place}: ${limitLines(message, FINDING_LINES_AT_MOST)}`;
}

/**
 * A long text loses lines in its middle: what came of a failure is told last. The lines after the first are indented, so that no text of an
 * input passes for a line that landfall begins.
 */
function limitLines(text: string, most: number): string {
  const lines = text.trimEnd().split("\n");
  const left = lines.length - most;
  const shown =
    left <= 0
      ? lines.map(shorten)
      : [
          ...lines.slice(0, most - LAST_LINES).map(shorten),
          `… ${left} more lines …`,
          ...lines.slice(-LAST_LINES).map(shorten),
        ];
  return shown.join("\n    ");
}

/** Shortens a long text in its middle. */
function shorten(text: string): string {
  if (text.length <= LETTERS_AT_MOST) return text;
  const half = LETTERS_AT_MOST / 2;
  return `${text.slice(0, half)} … ${text.length - LETTERS_AT_MOST} characters left out … ${text.slice(-half)}`;
}
