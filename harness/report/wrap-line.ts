/** The width that lines keep to where a terminal is not wider. */
export const USUAL_COLUMNS = 80;
/** The width of tables where nobody knows the width: a file and a log have room. */
export const FILE_COLUMNS = 100;

/** Measures texts, in cells of a terminal or in characters, and finds where a line may end. */
export interface Ruler {
  /** Gives the columns that a text takes. */
  readonly count: (text: string) => number;
  /** Gives the last place, in UTF-16 units, where a line of at most so many columns may end; -1 where there is none. */
  readonly findBreak: (text: string, columns: number) => number;
}

/** For landfall's own words: a letter takes one column, and a line ends at a blank. It needs no package: an init container has few. */
const OWN_WORDS: Ruler = {
  count: (text) => text.length,
  findBreak: (text, columns) => text.lastIndexOf(" ", columns),
};

/** Breaks a line so that it fits, later lines indented by so many blanks. A word that is too long stays whole. */
export function wrapLine(text: string, indent: number, columns = USUAL_COLUMNS, ruler = OWN_WORDS): string {
  if (ruler.count(text) <= columns) return text;
  const at = ruler.findBreak(text, columns);
  const start = text.search(/\S/);
  if (at < 0 || ruler.count(text.slice(0, at)) <= Math.max(start, indent)) return text;
  const rest = " ".repeat(indent) + text.slice(at).replace(/^ /, "");
  return `${text.slice(0, at)}\n${wrapLine(rest, indent, columns, ruler)}`;
}
