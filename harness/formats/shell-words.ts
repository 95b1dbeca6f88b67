import { describeExcess, type Split, type Word } from "./words.ts";

/** What splitting a shell's line gives: its words, or where something stands that only a shell can do. */
export type ShellSplit = Split | { readonly kind: "needs-shell"; readonly column: number; readonly sign: string };

/** Signs that mean something to a shell outside quotes, and those that do inside double quotes. */
const SHELL_SIGNS = /[|&;<>()$`*?[\]{}~]/;
const SIGNS_IN_QUOTES = /[$`]/;

/**
 * Splits one simple command as a POSIX shell does: blanks part words, single and double quotes and backslashes hold them together, `#`
 * begins a comment. Nothing is expanded: a line with variables, globs, pipes or substitutions says where it needs a shell. `!` and `*` that
 * stand alone or in quotes are words.
 *
 * @example
 * splitShellWords("iptables -N A")
 * // { kind: "words", words: [{ text: "iptables", raw: "iptables", column: 1, quoted: false }, …] }
 * splitShellWords("iptables -A $X")   // { kind: "needs-shell", column: 13, sign: "$" }
 */
export function splitShellWords(line: string): ShellSplit {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (isBlank(line[at])) at++;
    if (at >= line.length || line[at] === "#") return { kind: "words", words };
    const read = readWord(line, at);
    if (read.kind !== "word") return read;
    const message = describeExcess(words.length, read.word.text);
    if (message !== null) return { kind: "too-much", column: at + 1, message };
    words.push(read.word);
    at = read.end;
  }
}

type Unreadable = Exclude<ShellSplit, { readonly kind: "words" }>;

function isBlank(sign: string | undefined): boolean {
  return sign === " " || sign === "\t";
}

function readWord(line: string, start: number): { readonly kind: "word"; word: Word; end: number } | Unreadable {
  const texts: string[] = [];
  let [quoted, at] = [false, start];
  while (at < line.length && !isBlank(line[at])) {
    const part = readPart(line, at);
    if (part.kind === "open-quote" || part.kind === "needs-shell" || part.kind === "too-much") return part;
    texts.push(part.text);
    quoted ||= part.kind === "quoted";
    at = part.end;
  }
  const text = texts.join("");
  return {
    kind: "word",
    word: { text, raw: quoted ? JSON.stringify(text) : text, column: start + 1, quoted },
    end: at,
  };
}

/** A part of a word: a quotation, or one sign, escaped or not. */
interface Part {
  readonly kind: "quoted" | "sign";
  readonly text: string;
  /** Where the next part begins. */
  readonly end: number;
}

function readPart(line: string, at: number): Part | Unreadable {
  const sign = line[at] as string;
  const next = line[at + 1];
  if (sign === "'" || sign === '"') return readQuoted(line, at, sign);
  if (sign === "\\" && next !== undefined) return { kind: "sign", text: next, end: at + 2 };
  return SHELL_SIGNS.test(sign)
    ? { kind: "needs-shell", column: at + 1, sign }
    : { kind: "sign", text: sign, end: at + 1 };
}

function readQuoted(line: string, open: number, quote: "'" | '"'): Part | Unreadable {
  const close = findClosing(line, open);
  if (close < 0) return { kind: "open-quote", column: open + 1 };
  const inside = line.slice(open + 1, close);
  if (quote === "'") return { kind: "quoted", text: inside, end: close + 1 };
  const living = SIGNS_IN_QUOTES.exec(inside.replaceAll(/\\[$`]/g, "__"));
  if (living) return { kind: "needs-shell", column: open + 2 + living.index, sign: living[0] };
  return { kind: "quoted", text: inside.replaceAll(/\\(["\\$`])/g, "$1"), end: close + 1 };
}

function findClosing(line: string, open: number): number {
  const quote = line[open];
  for (let at = open + 1; at < line.length; at++) {
    if (quote === '"' && line[at] === "\\") at++;
    else if (line[at] === quote) return at;
  }
  return -1;
}
