/** The width that lines keep to where a terminal is not wider. */
export const USUAL_COLUMNS = 80;
/** The width of tables where nobody knows the width: a file and a log have room. */
export const FILE_COLUMNS = 100;

/** Breaks a line at blanks so that it fits, later lines indented by so many blanks. A word that is too long stays whole. */
export function wrapLine(text: string, indent: number, columns = USUAL_COLUMNS): string {
  if (text.length <= columns) return text;
  const at = text.lastIndexOf(" ", columns);
  const start = text.search(/\S/);
  if (at <= Math.max(start, indent)) return text;
  return `${text.slice(0, at)}\n${wrapLine(" ".repeat(indent) + text.slice(at + 1), indent, columns)}`;
}
