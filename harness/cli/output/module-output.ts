import type { CommandIo } from "../command.ts";

/** The most lines of what modules wrote that are shown, and the most characters of one. */
const LINES_AT_MOST = 10;
const LETTERS_AT_MOST = 500;

/** Gives what shows on stderr what a user's modules wrote while they loaded: a line for each, marked as theirs, and not all of it. */
export function tellModuleOutput({ err }: Pick<CommandIo, "err">): (text: string) => void {
  return (text) => {
    const lines = text.trimEnd().split("\n");
    const left = lines.length - LINES_AT_MOST;
    const rest = left > 0 ? `landfall: ${left} more lines of what modules wrote are not shown\n` : "";
    const shown = lines.slice(0, LINES_AT_MOST).map((line) => `landfall: a module wrote: ${cut(line)}\n`);
    err(shown.join("") + rest);
  };
}

function cut(line: string): string {
  return line.length > LETTERS_AT_MOST ? `${line.slice(0, LETTERS_AT_MOST)}…` : line;
}
