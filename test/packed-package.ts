import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { inject } from "vitest";

/** Landfall as it is shipped. */
export interface PackedPackage {
  /** The folder that was packed, with what was built in it: `dist/harness/cli/main.js`. */
  readonly checkout: string;
  /** What `npm pack` made of it, for `npm install`. */
  readonly tarball: string;
}

const ROOT = resolve(import.meta.dirname, "..");
const LEFT_OUT = ["node_modules", "dist", ".git", ".landfall", "test"];
/** How long {@link packOnce} may take, in milliseconds: seconds as a rule, minutes on a busy machine. */
export const PACKED_WITHIN_MS = 240_000;
const LOOK_AGAIN_MS = 50;
const execute = promisify(execFile);

/**
 * Packs landfall with `npm pack`, which builds it, in a copy of the checkout that has nothing built; once for all files of a run: whoever
 * comes later waits for the first. Throws what npm said where it failed. Only for tests of the kernel project, whose runs have a folder for
 * this.
 */
export async function packOnce(): Promise<PackedPackage> {
  const place = inject("buildFolder");
  const [checkout, done, failed] = ["checkout", "done", "failed"].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  if (isFirst(checkout)) {
    try {
      copyCheckout(checkout);
      await execute("npm", ["pack", "--pack-destination", place], { cwd: checkout });
      writeFileSync(done, "");
    } catch (error) {
      writeFileSync(failed, String(error));
      throw error;
    }
  } else await waitFor(done, failed);
  const name = readdirSync(place).find((each) => each.endsWith(".tgz"));
  if (name === undefined) throw new Error(`npm pack has left no package in ${place}`);
  return { checkout, tarball: join(place, name) };
}

/** Says whether no other process has come to a place before; `mkdir` lets only one through. */
function isFirst(place: string): boolean {
  try {
    mkdirSync(place);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Copies what makes the package: no packages, nothing built, no history. Tests run what is built as other users, too. */
function copyCheckout(to: string): void {
  for (const name of readdirSync(ROOT).filter((each) => !LEFT_OUT.includes(each)))
    cpSync(join(ROOT, name), join(to, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(to, "node_modules"));
  chmodSync(to, 0o755);
}

async function waitFor(done: string, failed: string): Promise<void> {
  const deadline = performance.now() + PACKED_WITHIN_MS;
  while (!existsSync(done)) {
    if (existsSync(failed)) throw new Error(`npm pack has failed: ${readFileSync(failed, "utf8")}`);
    if (performance.now() > deadline) throw new Error(`npm pack did not end within ${PACKED_WITHIN_MS / 1000} s`);
    await setTimeout(LOOK_AGAIN_MS);
  }
}
