/** One word of a line of rules. */
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

/** What splitting a line gives: its words, or the column of the quote that is never closed. */
export type Split =
  | { readonly kind: "words"; readonly words: readonly Word[] }
  | { readonly kind: "open-quote"; readonly column: number };

const PLAIN_LINE = /^[^"\\]*$/;

/**
 * Splits a line as iptables-restore does: blanks part words, double quotes hold them together, a backslash inside quotes takes the next
 * character as it is (iptables/xshared.c, `add_param_to_argv`, 1.8.9). Single quotes mean nothing to it.
 */
export function splitWords(line: string): Split {
  return PLAIN_LINE.test(line) ? { kind: "words", words: splitPlain(line) } : splitQuoted(line);
}

function splitPlain(line: string): readonly Word[] {
  const words: Word[] = [];
  for (const found of line.matchAll(/[^ \t]+/g)) {
    words.push({ text: found[0], raw: found[0], column: found.index + 1, quoted: false });
  }
  return words;
}

function splitQuoted(line: string): Split {
  const words: Word[] = [];
  const pattern = /[ \t]*((?:[^ \t"]|"(?:[^"\\]|\\.)*")+)/y;
  let at = 0;
  while (line.slice(at).trim() !== "") {
    pattern.lastIndex = at;
    const raw = pattern.exec(line)?.[1];
    if (raw === undefined) return { kind: "open-quote", column: line.indexOf('"', at) + 1 };
    at = pattern.lastIndex;
    words.push({ text: unquote(raw), raw, column: at - raw.length + 1, quoted: raw.includes('"') });
    if (line[at] === '"') return { kind: "open-quote", column: at + 1 };
  }
  return { kind: "words", words };
}

function unquote(raw: string): string {
  return raw.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (_, inside: string) => inside.replaceAll(/\\(.)/g, "$1"));
}

/**
 * Quotes a value as iptables-save prints it: plain where it is made of letters, digits, `_` and `-` alone
 * (libxtables/xtables.c, `xtables_save_string`, 1.8.9).
 */
export function quoteWord(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replaceAll(/["'\\]/g, "\\$&")}"`;
}

/** Quotes a word for a POSIX shell, in single quotes where it needs any. */
export function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
