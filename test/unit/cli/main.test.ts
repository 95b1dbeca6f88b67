import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { runCommand } from "./run-command.ts";

const MAIN = resolve(import.meta.dirname, "../../../harness/cli/main.ts");

const UNCAUGHT = resolve(import.meta.dirname, "../../../harness/cli/uncaught.ts");

/**
 * Runs landfall on the simulated pod with stdout going where the shell's `words` send it; the status is landfall's own. A run of one
 * scenario is over before it would tell how far it is.
 */
function runInto(words: string) {
  const line = `set -o pipefail; "$0" "$1" verify seed --sandbox simulated --json ${words}`;
  const { status, stderr } = spawnSync("bash", ["-c", line, process.execPath, MAIN], { encoding: "utf8" });
  return { status, stderr };
}

describe("standard output", () => {
  test("may be closed early by its reader without a failure", () => {
    expect(runInto("| true")).toEqual({ status: 0, stderr: "" });
  });

  test("that cannot be written is a failure of the environment, with the reason", () => {
    expect(runInto("> /dev/full")).toEqual({
      status: 3,
      stderr: expect.stringMatching(/^landfall: cannot write to standard output \(ENOSPC.*\n$/),
    });
  });
});

describe("a working directory that has been removed", () => {
  /** Runs landfall in one, and says whether it is there again. */
  function runRemoved(...words: readonly string[]) {
    const line =
      'd=$(mktemp -d) && cd "$d" && rmdir "$d" && "$@"; status=$?; test -e "$d" && echo "made again"; exit $status';
    const { status, stdout, stderr } = spawnSync("sh", ["-c", line, "sh", process.execPath, MAIN, ...words], {
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  }

  test.each([
    ["the place of a first scenario", ["init"]],
    ["the place of evidence", ["verify", "seed", "--sandbox", "simulated", "--evidence", "kept"]],
    ["where files are read", ["map", "--rules", "rules.txt"]],
  ])("is named as %s, and is not created again", (_, words) => {
    const told = "The working directory has been removed; change to another one.";
    expect(runRemoved(...words)).toEqual({ status: 2, stdout: "", stderr: expect.stringContaining(told) });
  });
});

describe("an uncaught error", () => {
  /** Runs a program that is set up as landfall is, and then fails in a way of its own. */
  function runFailing(code: string) {
    const start = `import { endOnUncaught } from ${JSON.stringify(pathToFileURL(UNCAUGHT))};`;
    const program = `${start} endOnUncaught(async () => void process.stderr.write("disposed\\n")); ${code}`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
    });
    return { status, stderr };
  }

  test.each([
    ["an exception in a callback", 'setTimeout(() => { throw new Error("lost"); }, 1); setTimeout(() => {}, 60_000);'],
    ["a rejected promise", 'void Promise.reject(new Error("lost")); setTimeout(() => {}, 60_000);'],
    [
      "an error event",
      '(await import("node:child_process")).spawn("/nonexistent/lost"); setTimeout(() => {}, 60_000);',
    ],
  ])("ends with 70 and its message, with the sandboxes removed: %s", (_claim, code) => {
    expect(runFailing(code)).toEqual({
      status: 70,
      stderr: expect.stringMatching(
        /^landfall: an internal error; please report it with this text\.\n.*lost(.*\n)+disposed\n$/,
      ),
    });
  });

  test("that is a wait without end gives 70", () => {
    expect(runFailing("await new Promise(() => {});")).toEqual({
      status: 70,
      stderr: expect.stringMatching(/an internal error; please report it: the command waits/),
    });
  });

  test("in the whole program is not reported as a landing", () => {
    const throws = 'data:text/javascript,setTimeout(() => { throw new Error("lost"); }, 300)';
    const words = ["--import", throws, MAIN, "verify", "--all", "--sandbox", "simulated"];
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 70, stderr: expect.stringMatching(/an internal error(.*\n)+.*lost/) });
  });

  test.each([["--sandbox", "netns"], ["--sandbox", "docker"], []])(
    "without programs in the PATH is a failure of the environment, or the command works with containers: %s %s",
    (...sandbox) => {
      const env = { PATH: "/nonexistent", DOCKER_HOST: "unix:///nonexistent/docker.sock" };
      const words = [MAIN, "verify", "seed", ...sandbox];
      const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8", env });
      expect(status).toBe(3);
      expect(stderr).toMatch(/^landfall: /);
      expect(stderr).not.toMatch(/node:internal|internal error/);
    },
  );
});

describe("the program", () => {
  test("runs in a folder that was removed", () => {
    const line = `cd "$(mktemp -d)" && rmdir "$PWD" && exec "$0" "$1" generate -b 80 --sidecar-env`;
    const run = (file: string) =>
      spawnSync("bash", ["-c", `${line} ${file}`, process.execPath, MAIN], { encoding: "utf8" });
    expect(run("/dev/null")).toMatchObject({ status: 0, stderr: "" });
    expect(run("sidecar.env")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--sidecar-env: sidecar.env: There is no such file."),
    });
  });

  test("prints its version as text and as JSON", async () => {
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

  test("without arguments lists its commands on stderr, and ends with 2", async () => {
    const { code, out, err } = await runCommand();
    expect({ code, out, err }).toEqual({ code: 2, out: "", err: (await runCommand("--help")).out });
  });

  test.each(["nonsense", "constructor", "__proto__"])("has no command %s", async (word) => {
    const { code, err } = await runCommand(word);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`\n  ${word}: The commands are: verify, `) });
  });
});
