import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The checkout's top folder. */
export const ROOT = resolve(import.meta.dirname, "../..");

/** A fenced block of code in a document. */
export interface CodeBlock {
  /** The document, from the top folder. */
  readonly document: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** The words behind the fence: the language, then how a test treats it. */
  readonly info: readonly string[];
  readonly text: string;
}

/** Gives the code blocks of a document, in order. */
export function readCodeBlocks(document: string): readonly CodeBlock[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map((found) => ({
    document,
    line: text.slice(0, found.index).split("\n").length,
    info: (found[1] ?? "").split(" ").filter((word) => word !== ""),
    text: found[2] ?? "",
  }));
}

/** Gives the rows of the table whose head begins with these words; each cell without back quotes. */
export function readTable(document: string, head: string): readonly (readonly string[])[] {
  const lines = readFileSync(join(ROOT, document), "utf8").split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  const end = lines.findIndex((line, i) => i > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
