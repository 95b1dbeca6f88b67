import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** A change of one place of the code, which the instrumented code makes while it is switched on. */
export interface CodeMutant {
  readonly id: string;
  /** The file in the project, and the line, counted from 1. */
  readonly file: string;
  readonly line: number;
  /** What stands in the place of the code. */
  readonly replacement: string;
}

/** The part of StrykerJS's instrumenter that is used here, which its package has and does not export. */
interface Instrumenter {
  instrument(
    files: readonly { readonly name: string; readonly mutate: true; readonly content: string }[],
    options: object,
  ): Promise<{
    readonly files: readonly { readonly name: string; readonly content: string }[];
    readonly mutants: readonly {
      readonly id: string;
      readonly fileName: string;
      readonly location: { readonly start: { readonly line: number } };
      readonly replacement: string;
      readonly status?: string;
    }[];
  }>;
}

const root = resolve(import.meta.dirname, "../..");
const SILENT = new Proxy({}, { get: (_, name) => () => !String(name).startsWith("is") && undefined });

/** Copies landfall into a folder, with every mutant of some of its folders and files in the code. Gives the mutants. */
export async function copyInstrumented(folder: string, parts: readonly string[]): Promise<readonly CodeMutant[]> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ["harness", "scenarios", "test", "package.json"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const files = parts.flatMap((part) => listFiles(join(folder, part)));
  const { files: made, mutants } = await (await loadInstrumenter()).instrument(
    files.map((name) => ({ name, mutate: true, content: readFileSync(name, "utf8") })),
    { plugins: null, excludedMutations: [], ignorers: [] },
  );
  for (const { name, content } of made) writeFileSync(name, content);
  return mutants
    .filter(({ status }) => status !== "Ignored")
    .map(({ id, fileName, location, replacement }) => ({
      ...{ id, file: relative(folder, fileName), line: location.start.line + 1, replacement },
    }));
}

function listFiles(path: string): readonly string[] {
  if (path.endsWith(".ts")) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(path, name));
}

async function loadInstrumenter(): Promise<Instrumenter> {
  const path = join(root, "node_modules/@stryker-mutator/instrumenter/dist/src/instrumenter.js");
  const { Instrumenter: Made } = await import(path);
  return new Made(SILENT);
}
