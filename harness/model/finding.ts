/**
 * One thing that is wrong with an input. Bad input comes back as a list of all its findings, never as the first alone.
 *
 * @example
 * { where: "-b", line: null, column: 4, message: 'element 2, "foo", is neither a port nor a service name; …' }
 */
export interface Finding {
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

/** Gives a finding; line and column are null unless named. */
export function finding(
  where: string,
  message: string,
  line: number | null = null,
  column: number | null = null,
): Finding {
  return { where, line, column, message };
}
