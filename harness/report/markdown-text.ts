/** Gives a text as code within a line of Markdown; backticks within take a longer fence: `` a`b ``. Line breaks become spaces. */
export function codeSpan(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, " ");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`;
}

/** Gives a text as Markdown shows it: what Markdown or HTML would read is written out; mentions and references to issues call nobody. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[\\`*_{}[\]()#+!|~@]/g, (character) => `\\${character}`);
}

/** Gives a text as code within a cell of a table in GitHub-flavoured Markdown, where a bar ends the cell even within code. */
export function codeCell(text: string): string {
  return codeSpan(text).replaceAll("|", "\\|");
}
