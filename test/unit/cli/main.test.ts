import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../../harness/cli/main.ts");

/** Runs landfall on the simulated pod with stdout going where the shell's `words` send it; the status is landfall's own. */
function runInto(words: string) {
  const line = `set -o pipefail; "$0" "$1" verify --all --sandbox simulated --json ${words}`;
  const { status, stderr } = spawnSync("bash", ["-c", line, process.execPath, MAIN], { encoding: "utf8" });
  return { status, stderr };
}

describe("standard output", () => {
  test("whose reader has gone is no failure", () => {
    expect(runInto("| true")).toEqual({ status: 0, stderr: "" });
  });

  test("that cannot be written is the environment's failure, and says why", () => {
    expect(runInto("> /dev/full")).toEqual({
      status: 3,
      stderr: expect.stringMatching(/^landfall: standard output cannot be written \(ENOSPC.*\n$/),
    });
  });
});
