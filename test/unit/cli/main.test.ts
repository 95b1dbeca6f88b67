import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { runCommand } from "./run-command.ts";

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

describe("the program", () => {
  test("runs in a folder that is gone", () => {
    const line = `cd "$(mktemp -d)" && rmdir "$PWD" && exec "$0" "$1" generate -b 80 --sidecar-env`;
    const run = (file: string) =>
      spawnSync("bash", ["-c", `${line} ${file}`, process.execPath, MAIN], { encoding: "utf8" });
    expect(run("/dev/null")).toMatchObject({ status: 0, stderr: "" });
    expect(run("sidecar.env")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--sidecar-env: sidecar.env: There is no such file."),
    });
  });

  test("tells its version, in words and as data", async () => {
    expect(await runCommand("--version")).toEqual({ code: 0, out: `landfall ${manifest.version}\n`, err: "" });
    expect(JSON.parse((await runCommand("--version", "--json")).out)).toEqual({
      formatVersion: "1.0",
      version: manifest.version,
    });
  });

  test("gives a command's help by either word", async () => {
    expect(await runCommand("help", "map")).toEqual(await runCommand("map", "--help"));
    expect(await runCommand("help")).toEqual(await runCommand("--help"));
  });

  test("without a word tells its commands on stderr, with exit code 2", async () => {
    const { code, out, err } = await runCommand();
    expect({ code, out, err }).toEqual({ code: 2, out: "", err: (await runCommand("--help")).out });
  });

  test.each(["nonsense", "constructor", "__proto__"])("has no command %s", async (word) => {
    const { code, err } = await runCommand(word);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`\n  ${word}: The commands are: verify, `) });
  });
});
