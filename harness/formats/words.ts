/** One word of a line of rules, with the column at which it stands, from 1: `{ text: "a b", raw: '"a b"', column: 36, quoted: true }`. */
export interface Word {
  /** The word with its quotes and escapes taken off. */
  readonly text: string;
  /** As it stood in the line, quotes and all. */
  readonly raw: string;
  /** Where it begins in the line, from 1. */
  readonly column: number;
  /** A quoted word is never an option, whatever it begins with. */
  readonly quoted: boolean;
}

/** What splitting a line gives: its words, the column of a quote that is never closed, or more than iptables-restore reads. */
export type Split =
  | { readonly kind: "words"; readonly words: readonly Word[] }
  | { readonly kind: "open-quote"; readonly column: number }
  | { readonly kind: "too-much"; readonly column: number; readonly message: string };

/** The most words of one rule (`MAX_ARGC` in iptables/xshared.h, 1.8.9, less the program's name, its table and the closing null). */
const WORDS_AT_MOST = 251;
/** The most bytes of one word (`struct xt_param_buf` in iptables/xshared.c, 1.8.9, less the closing null). */
const WORD_BYTES_AT_MOST = 1023;

/**
 * Splits a line as iptables-restore does: blanks separate words, double quotes hold them together, a backslash inside quotes takes the next
 * character as it is (iptables/xshared.c, `add_param_to_argv`, 1.8.9). Single quotes mean nothing to it. Stops at the first word that
 * iptables-restore has no room for, so that the time is linear in what is read.
 */
export function splitWords(line: string): Split {
  return line.length < PLAIN_LENGTH && !line.includes('"') ? splitPlain(line) : splitQuoted(line);
}

/** A line below this length has no word that is too long. */
const PLAIN_LENGTH = WORD_BYTES_AT_MOST / 3;

function splitPlain(line: string): Split {
  const words: Word[] = [];
  for (const found of line.matchAll(/[^ \t]+/g))
    words.push({ text: found[0], raw: found[0], column: found.index + 1, quoted: false });
  return words.length <= WORDS_AT_MOST ? { kind: "words", words } : splitQuoted(line);
}

function splitQuoted(line: string): Split {
  const words: Word[] = [];
  let at = skipBlanks(line, 0);
  while (at < line.length) {
    const end = findWordEnd(line, at);
    if (end.kind === "open-quote") return end;
    const raw = line.slice(at, end.at);
    const quoted = raw.includes('"');
    const text = quoted ? unquote(raw) : raw;
    const message = describeExcess(words.length, text);
    if (message !== null) return { kind: "too-much", column: at + 1, message };
    words.push({ text, raw, column: at + 1, quoted });
    at = skipBlanks(line, end.at);
  }
  return { kind: "words", words };
}

/** Says why a word is one too many or too long for iptables-restore; null where it is neither. `before` is how many words precede it. */
export function describeExcess(before: number, text: string): string | null {
  if (before >= WORDS_AT_MOST)
    return `This line has more than ${WORDS_AT_MOST} words, which iptables-restore does not accept.`;
  if (text.length <= WORD_BYTES_AT_MOST / 3) return null;
  if (text.length <= WORD_BYTES_AT_MOST && countBytes(text) <= WORD_BYTES_AT_MOST) return null;
  return `This word has more than ${WORD_BYTES_AT_MOST} bytes, which iptables-restore does not accept.`;
}

/** Gives how many bytes a text takes in UTF-8. */
export function countBytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function isBlank(sign: string | undefined): boolean {
  return sign === " " || sign === "\t";
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (isBlank(line[at])) at++;
  return at;
}

type WordEnd = { readonly kind: "end"; readonly at: number } | { readonly kind: "open-quote"; readonly column: number };

function findWordEnd(line: string, from: number): WordEnd {
  let at = from;
  while (at < line.length && !isBlank(line[at])) {
    if (line[at] !== '"') {
      at++;
      continue;
    }
    const close = findQuoteEnd(line, at);
    if (close < 0) return { kind: "open-quote", column: at + 1 };
    at = close + 1;
  }
  return { kind: "end", at };
}

/** Gives where the double quote that closes the one at `open` stands, or -1. */
function findQuoteEnd(line: string, open: number): number {
  for (let at = open + 1; at < line.length; at++) {
    if (line[at] === "\\") at++;
    else if (line[at] === '"') return at;
  }
  return -1;
}

function unquote(raw: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < raw.length) {
    const open = raw.indexOf('"', at);
    if (open < 0) break;
    const close = findQuoteEnd(raw, open);
    parts.push(raw.slice(at, open), raw.slice(open + 1, close).replaceAll(/\\(.)/g, "$1"));
    at = close + 1;
  }
  return parts.join("") + raw.slice(at);
}

/**
 * Quotes a value as iptables-save prints it: plain where it is made of letters, digits, `_` and `-` alone
 * (libxtables/xtables.c, `xtables_save_string`, 1.8.9).
 */
export function quoteWord(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replaceAll(/["'\\]/g, "\\$&")}"`;
}
