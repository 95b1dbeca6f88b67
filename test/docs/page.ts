import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { splitShellWords } from "../../harness/formats/shell-words.ts";
import { runCommandIn } from "../unit/cli/run-command.ts";
import { type CodeBlock, readCodeBlocks } from "./markdown.ts";

/** Columns of the terminal in which the pages' commands print. */
const COLUMNS = 88;

/** A line of a page that was run. */
export interface RunLine {
  /** `docs/ci.md:70: landfall diff a b`. */
  readonly place: string;
  readonly expected: number;
  readonly status: number;
  /** What it said, where it ended otherwise than the page says. */
  readonly said: string;
  readonly out: string;
}

/** A block that a page says was printed, with what was printed. */
export interface PrintedBlock {
  readonly block: CodeBlock;
  readonly printed: string;
}

/**
 * Runs a page as a reader would follow it, in a folder: blocks named by a file (`yaml socks.yaml`) are written there, the lines of `sh`
 * blocks are run, and `text printed` is compared with what the line before it printed. Lines of landfall run in this process; a comment
 * `# exits 1` behind a line says how it ends.
 */
export async function runPage(document: string, folder: string) {
  const lines: RunLine[] = [];
  const printed: PrintedBlock[] = [];
  let last = "";
  for (const block of readCodeBlocks(document)) {
    const [language, name = ""] = block.info;
    if (name.includes(".")) write(join(folder, name), block.text);
    for (const line of language === "sh" && name === "" ? await runBlock(block, folder) : []) {
      lines.push(line);
      last = line.out;
    }
    if (language === "text" && name === "printed") printed.push({ block, printed: hideSurroundings(last) });
  }
  return { lines, printed };
}

/** Writes into a page what was printed; blocks are found by their lines, since several may hold the same text. */
export function updatePage(path: string, printed: readonly PrintedBlock[]): void {
  const lines = readFileSync(path, "utf8").split("\n");
  for (const { block, printed: now } of printed.toReversed()) {
    const length = block.text.split("\n").length - 1;
    lines.splice(block.line, length, ...now.split("\n").slice(0, -1));
  }
  writeFileSync(path, lines.join("\n"));
}

async function runBlock({ document, line, text: block }: CodeBlock, folder: string): Promise<readonly RunLine[]> {
  const lines: RunLine[] = [];
  for (const [i, text] of block.trimEnd().split("\n").entries()) {
    const { status, out, err } = await runLine(text, folder);
    const expected = Number(/# exits (\d+)$/.exec(text)?.[1] ?? 0);
    const said = status === expected ? "" : out + err;
    lines.push({ place: `${document}:${line + i + 1}: ${text}`, expected, status, said, out });
  }
  return lines;
}

/** Runs one line of a page in a folder; landfall itself runs in this process. */
export async function runLine(text: string, folder: string) {
  const [, command = "", file] = /^(landfall .*?)(?: > (\S+))?(?:\s+# .*)?$/.exec(text) ?? [];
  if (command === "" || /[|;&<>]/.test(command.replaceAll(/'[^']*'/g, "")))
    return { status: 0, out: execFileSync("sh", ["-e", "-c", text], { cwd: folder, encoding: "utf8" }), err: "" };
  const split = splitShellWords(command);
  if (split.kind !== "words") throw new Error(`${command}: ${JSON.stringify(split)}`);
  const [, ...words] = split.words.map((word) => word.text);
  const display = { columns: COLUMNS, isTerminal: false, color: false, progress: "appended" } as const;
  const { code, out, err } = await runCommandIn({ workingDirectory: folder, display }, ...words);
  if (file !== undefined) write(join(folder, file), out);
  return { status: code, out: file === undefined ? out : "", err };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** How long a run took, and the versions of kernel and tools, differ from machine to machine: `in 0.9 s (netns)`. */
function hideSurroundings(text: string): string {
  return text.replaceAll(/, in \d[\d.]* s\s+\((\w+),.*\)$/gm, ", in 0.9 s ($1)");
}
