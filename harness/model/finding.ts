import type { FindingCode } from "./finding-codes.ts";

/**
 * One thing that is wrong with an input. Bad input comes back as a list of all its findings, never as the first alone.
 *
 * @example
 * { code: "invalid-value", where: "-b", line: null, column: 4, message: 'element 2, "foo", is neither a port nor a service name; …' }
 */
export interface Finding {
  /** What kind of fault it is; whoever decides by a finding decides by this, never by its message. */
  readonly code: FindingCode;
  /** The flag, file, variable or field the finding is about, as the user typed it: `-b`, `rules.txt`, `ISTIO_INBOUND_PORTS`. */
  readonly where: string;
  /** Line in the file, from 1; null where there is no file. */
  readonly line: number | null;
  /** Column in the line or value, from 1; null where it is not known. */
  readonly column: number | null;
  /** What is wrong, and what to do about it: one or more whole sentences. */
  readonly message: string;
}

/** What reading an input gives: the value, or every finding; never both. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** What is wrong with something whose place is known elsewhere. */
export type WordFault = readonly [code: FindingCode, message: string];

/** A word longer than this is shortened in a message. */
const WORD_LENGTH_AT_MOST = 200;
const WORD_LENGTH_KEPT = 60;
/** Control characters but tab and line feed, and signs that turn the direction of what follows. */
const CONTROL = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Gives a finding about a value that is not of the form its place takes, as {@link codedFinding} does. */
export function finding(
  where: string,
  message: string,
  line: number | null = null,
  column: number | null = null,
): Finding {
  return codedFinding("invalid-value", where, message, line, column);
}

/**
 * Gives a finding; line and column (both from 1) are null unless named. The message may hold words of the input as they are: control
 * characters are escaped as in JSON (`\u001b`), and a word of over 200 characters is shortened to its first 60 and its length.
 *
 * @example
 * codedFinding("unknown-name", "--mesh", 'There is no mesh "isto".')
 * // { code: "unknown-name", where: "--mesh", line: null, column: null, message: 'There is no mesh "isto".' }
 */
export function codedFinding(
  code: FindingCode,
  where: string,
  message: string,
  line: number | null = null,
  column: number | null = null,
): Finding {
  return { code, where, line, column, message: quoteSafely(message) };
}

function quoteSafely(message: string): string {
  const isLong = message.length > WORD_LENGTH_AT_MOST;
  const short = isLong ? message.split(/(\s+)/).map(shorten).join("") : message;
  return short.replaceAll(CONTROL, (sign) =>
    sign === "\t" || sign === "\n" ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function shorten(word: string): string {
  if (word.length <= WORD_LENGTH_AT_MOST) return word;
  return `${word.slice(0, WORD_LENGTH_KEPT)}… (${word.length} characters)`;
}

/** Gives at most `most` findings, and behind them one with the code `more-findings` that says how many are left out. Order is kept. */
export function capFindings(findings: readonly Finding[], most: number): readonly Finding[] {
  if (findings.length <= most) return findings;
  const left = findings.length - most;
  const { where } = findings[most] as Finding;
  return [
    ...findings.slice(0, most),
    codedFinding("more-findings", where, `${left} more ${left === 1 ? "finding is" : "findings are"} not shown.`),
  ];
}
