import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** Where the commands of a build are. */
export interface OwnBuild {
  /** The command line's first file. */
  readonly main: string;
  /** The folder that stands for `harness` in the build. */
  readonly harness: string;
}

/**
 * Builds landfall into a folder of its own for as long as `measure` runs, so that what is measured is the source as it is: `dist/` may be
 * of any age. Takes some ten seconds.
 *
 * @example
 * await withOwnBuild(({ main }) => run([main, "map", "-p", "15001"]))
 */
export async function withOwnBuild<T>(measure: (build: OwnBuild) => T | Promise<T>): Promise<T> {
  mkdirSync(join(ROOT, ".landfall"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".landfall", "bench-"));
  try {
    execFileSync(process.execPath, [join(ROOT, "harness/build/build.mjs"), folder], { stdio: "pipe" });
    return await measure({ main: join(folder, "harness/cli/main.js"), harness: join(folder, "harness") });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
