import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** A folder of this run for what its tests build ({@link provideBuildFolder}). */
    readonly buildFolder: string;
  }
}

/**
 * Gives the tests of a run a folder for what they build, so that one of them builds for all, and takes it away after the last. Vitest calls
 * it (`globalSetup`). Nothing is built here: a run of other tests needs no build.
 */
export default function provideBuildFolder({ provide }: Pick<TestProject, "provide">): () => void {
  const place = resolve(import.meta.dirname, "../.landfall");
  mkdirSync(place, { recursive: true });
  const folder = mkdtempSync(join(place, "tests-"));
  // Tests run what is built as other users, too.
  chmodSync(folder, 0o755);
  provide("buildFolder", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
