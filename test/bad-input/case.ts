import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a file of a case is: its text or bytes, or something that is not a plain file. */
export type CaseFile = string | Uint8Array | { readonly kind: "pipe" | "folder" };

/** One bad input. The command runs in a folder of its own that holds the case's files. */
export interface BadInput {
  /** What is wrong, as words that complete "refuses". */
  readonly what: string;
  readonly args: readonly string[];
  readonly files?: Readonly<Record<string, CaseFile>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** The exit code; 2 unless the environment is to blame. */
  readonly code?: 2 | 3;
  /** What the error must say; by default anything. */
  readonly says?: RegExp;
  /** A scenario file, `s.mjs`, that is given to one command with many others, each of which must be refused. */
  readonly kind?: "one-of-many";
}

export const SIMULATED: readonly string[] = ["--sandbox", "simulated"];
export const PIPE: CaseFile = { kind: "pipe" };
export const FOLDER: CaseFile = { kind: "folder" };

/** What an attacker would put into a name, a comment or a claim: colours, bell, C1, DEL, overrides, isolates, zero width, a new line. */
export const HOSTILE = "\u001b[31m\u0007\u009b1m\u007f\u202e\u2066\u200b\u{e0041}\u0600\rx";

/** A control character that reaches a terminal; line breaks and tabs are no harm. */
export const CONTROL = /[[\p{Cc}\p{Cf}\u2028\u2029]--[\n\t]]/v;

/** Lines on stderr that a person still reads: a screen. */
export const LINES_AT_MOST = 45;

/** Makes a case from its parts, the files last, since most have one. */
export function refuses(
  what: string,
  args: readonly string[],
  files: Readonly<Record<string, CaseFile>> = {},
  more: Pick<BadInput, "code" | "says" | "environment"> = {},
): BadInput {
  return { what, args, files, ...more };
}

/** Puts a case's files into a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, CaseFile>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === "string" || content instanceof Uint8Array) writeFileSync(path, content);
    else if (content.kind === "folder") mkdirSync(path);
    else execFileSync("mkfifo", [path]);
  }
}
