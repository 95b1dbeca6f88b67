/** Quotes a word for a POSIX shell, in single quotes where it needs any: `it's` becomes `'it'\''s'`. */
export function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
