import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { runCommandIn } from "../unit/cli/run-command.ts";
import { type BadInput, CONTROL, LINES_AT_MOST, PIPE, writeFiles } from "./case.ts";
import { DATA_CASES } from "./data-cases.ts";
import { MODULE_CASES } from "./module-cases.ts";
import { PLACE_CASES } from "./place-cases.ts";
import { RULES_CASES } from "./rules-cases.ts";
import type { AsideEnding } from "./run-cases.ts";
import { USAGE_CASES } from "./usage-cases.ts";

/** Every bad input. */
export const CASES: readonly BadInput[] = [
  ...USAGE_CASES,
  ...RULES_CASES,
  ...DATA_CASES,
  ...PLACE_CASES,
  ...MODULE_CASES,
];

/** A command that takes longer hangs. */
export const HANGS_AFTER_MS = 30_000;
/** Where several run at the same time, each takes longer. */
export const CROWDED = 3;
/** Characters of one line on stderr. */
const COLUMNS_AT_MOST = 3_000;

/**
 * How a case is run: alone in this process; in another one, since waiting for the writer of a pipe holds a whole process up; alone with a
 * module, which landfall loads in a process of its own, some of them until its time is over; or with many others.
 */
export type Manner = "alone" | "pipe" | "module" | "one-of-many";

/** Gives the cases that are run in a manner. */
export function casesIn(wanted: Manner): readonly BadInput[] {
  return CASES.filter((each) => mannerOf(each) === wanted);
}

function mannerOf({ kind, files = {} }: BadInput): Manner {
  if (kind !== undefined) return kind;
  if (Object.values(files).includes(PIPE)) return "pipe";
  return Object.keys(files).some((name) => name.endsWith(".mjs")) ? "module" : "alone";
}

/** Runs one case in a folder of its own below `root`, and gives how it ended. */
export async function runCase({ args, files = {}, environment = {} }: BadInput, root: string): Promise<AsideEnding> {
  const folder = mkdtempSync(join(root, "case-"));
  writeFiles(folder, files);
  return runCommandIn({ workingDirectory: folder, environment }, ...args);
}

/** Gives whether what a command wrote fits one screen, and the first control character in it. */
export function lookAt(out: string, err: string): { readonly isOneScreen: boolean; readonly control: string | null } {
  const lines = err.split("\n");
  const isOneScreen = lines.length <= LINES_AT_MOST && lines.every(({ length }) => length <= COLUMNS_AT_MOST);
  return { isOneScreen, control: CONTROL.exec(out + err)?.[0] ?? null };
}

/** Fails unless a case ended as a bad input must: with its exit code and a screen of findings that name it. */
export function expectRefusal(each: BadInput, { code, out, err }: AsideEnding): void {
  const { args, says = /./ } = each;
  const ending = {
    code,
    out: args.includes("--json") ? "" : out.slice(0, 200),
    isSaid: says.test(err),
    ...lookAt(out, err),
  };
  const refused = { code: each.code ?? 2, out: "", isSaid: true, isOneScreen: true, control: null };
  expect(ending, err.slice(0, 2_000)).toEqual(refused);
}
