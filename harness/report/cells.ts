import { loadStringWidth } from "../model/packages.ts";
import type { Ruler } from "./wrap-line.ts";

/** Texts in which every UTF-16 unit is a letter of one cell, nearly all that there are: ASCII and signs that landfall prints itself. */
const PLAIN = /^[\x20-\x7e…–→✓✗≤]*$/;
let stringWidth: ReturnType<typeof loadStringWidth> | null = null;

/** Gives the cells of a terminal that a text takes: two for a wide letter (`漢`), one for a letter with its accents. */
export function countCells(text: string): number {
  if (PLAIN.test(text)) return text.length;
  stringWidth ??= loadStringWidth();
  return stringWidth(text);
}

/** Pads a text with blanks to a width in cells of a terminal; a text that is wider stays as it is. */
export function padCells(text: string, cells: number): string {
  return text + " ".repeat(Math.max(cells - countCells(text), 0));
}

/** Gives how many UTF-16 units of a text, from its start, take at most so many cells of a terminal; no character is split. */
export function fitCells(text: string, cells: number): number {
  if (PLAIN.test(text)) return Math.min(text.length, cells);
  let used = 0;
  for (const { segment, index } of new Intl.Segmenter().segment(text)) {
    used += countCells(segment);
    if (used > cells) return index;
  }
  return text.length;
}

/** Between two letters of a script that sets no blanks between words a line may end. */
const WIDE_LETTERS = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}](?=[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}])/gu;

/** For anybody's words: by the cells of a terminal, and a line ends at a blank or between wide letters. */
export const CELLS: Ruler = {
  count: countCells,
  findBreak: (text, columns) => {
    const end = fitCells(text, columns);
    const ends = text.slice(0, end + 1).matchAll(WIDE_LETTERS);
    const wide = [...ends].map(({ 0: letter, index }) => index + letter.length).at(-1) ?? -1;
    return Math.max(text.lastIndexOf(" ", end), wide);
  },
};
