import type { Split, Word } from "./words.ts";

/** What splitting a shell's line gives: its words, or where something stands that only a shell can do. */
export type ShellSplit = Split | { readonly kind: "needs-shell"; readonly column: number; readonly sign: string };

/** Signs that mean something to a shell outside quotes, and those that do inside double quotes. */
const SHELL_SIGNS = /[|&;<>()$`*?[\]{}~]/;
const SIGNS_IN_QUOTES = /[$`]/;

/**
 * Splits one simple command as a POSIX shell does: blanks part words, single and double quotes and backslashes hold them together, `#`
 * begins a comment. Nothing is expanded: a line with variables, globs, pipes or substitutions says where it needs a shell. `!` and `*` that
 * stand alone or in quotes are words.
 */
export function splitShellWords(line: string): ShellSplit {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === " " || line[at] === "\t") at++;
    if (at >= line.length || line[at] === "#") return { kind: "words", words };
    const start = at;
    let text = "";
    let quoted = false;
    while (at < line.length && line[at] !== " " && line[at] !== "\t") {
      const sign = line[at] as string;
      if (sign === "'" || sign === '"') {
        const end = findClosing(line, at);
        if (end < 0) return { kind: "open-quote", column: at + 1 };
        const inside = line.slice(at + 1, end);
        const living = sign === '"' ? SIGNS_IN_QUOTES.exec(inside.replaceAll(/\\[$`]/g, "__")) : null;
        if (living) return { kind: "needs-shell", column: at + 2 + living.index, sign: living[0] };
        text += sign === "'" ? inside : inside.replaceAll(/\\(["\\$`])/g, "$1");
        quoted = true;
        at = end + 1;
      } else if (sign === "\\" && at + 1 < line.length) {
        text += line[at + 1];
        at += 2;
      } else if (SHELL_SIGNS.test(sign)) {
        return { kind: "needs-shell", column: at + 1, sign };
      } else {
        text += sign;
        at++;
      }
    }
    words.push({ text, raw: quoted ? JSON.stringify(text) : text, column: start + 1, quoted });
  }
}

function findClosing(line: string, open: number): number {
  const quote = line[open];
  for (let at = open + 1; at < line.length; at++) {
    if (quote === '"' && line[at] === "\\") at++;
    else if (line[at] === quote) return at;
  }
  return -1;
}
