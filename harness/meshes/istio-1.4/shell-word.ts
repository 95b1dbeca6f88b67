/**
 * Gives where a shell's word ends that begins at a place: at a blank, a line break or an operator outside quotes, `${…}`, `$(…)` and
 * backticks. Nothing is expanded. Source: POSIX.1-2017, Shell Command Language, 2.2 and 2.6.
 */
export function skipWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\s;&|<>()]/.test(text[at] ?? "")) at = skipPiece(text, at);
  return Math.min(at, text.length);
}

/** Says whether a word that ends at a place is whole: no quote or bracket is open, and what follows is a blank, a `;` or the end. */
export function isClosedWord(text: string, start: number, end: number): boolean {
  const next = text[end];
  const isWhole = next === undefined || /\s/.test(next) || (next === ";" && text[end + 1] !== ";");
  // A quote that is never closed takes the rest of the file; a line break that is put in its place then does not end the word.
  return isWhole && (end < text.length || skipWord(`${text.slice(start)}\n`, 0) === end - start);
}

/**
 * Gives the first of some variables that a word may set by being expanded: `${NAME:=value}`, `${NAME=value}`, or arithmetic that names it.
 * What stands in `$(…)` runs in a process of its own and sets nothing.
 */
export function mentionsAssignment(word: string, variables: ReadonlySet<string>): string | null {
  const byDefault = [...word.matchAll(/\$\{(\w+)(?:\[[^\]]*\])?:?=/g)].map(([, name]) => name ?? "");
  const arithmetic = /\$\(\(|\$\[/.test(word) ? [...word.matchAll(/[A-Za-z_]\w*/g)].map(([name]) => name) : [];
  return [...byDefault, ...arithmetic].find((name) => variables.has(name)) ?? null;
}

/** Brackets and quotes within each other that are followed; a person writes two or three. */
const MAX_DEPTH = 50;

/**
 * Gives where the piece ends that begins here: one character, one quoted text, or one expansion; behind the text where it is not closed.
 * `within` is the sign that closes what the piece stands in.
 */
function skipPiece(text: string, at: number, within = "", depth = 0): number {
  const sign = text[at] ?? "";
  if (sign === "\\") return at + 2;
  // An apostrophe in double quotes is a plain character.
  if (sign === "'" && within !== '"') return skipTo("'", text, at + 1);
  if (sign === '"' || sign === "`") return skipUntil(sign, text, at + 1, depth + 1);
  if (sign === "$" && text[at + 1] === "{") return skipUntil("}", text, at + 2, depth + 1);
  if (sign === "$" && text[at + 1] === "(") return skipUntil(")", text, at + 2, depth + 1);
  if (sign === "(" && within === ")") return skipUntil(")", text, at + 1, depth + 1);
  return at + 1;
}

function skipTo(sign: string, text: string, at: number): number {
  const end = text.indexOf(sign, at);
  return end === -1 ? text.length + 1 : end + 1;
}

function skipUntil(close: string, text: string, start: number, depth: number): number {
  if (depth > MAX_DEPTH) return text.length + 1;
  let at = start;
  while (at < text.length && text[at] !== close) at = skipPiece(text, at, close, depth);
  return at < text.length ? at + 1 : text.length + 1;
}
