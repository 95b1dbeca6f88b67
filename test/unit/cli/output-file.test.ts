import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sampleReport } from "../report/sample-report.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-output-"));
afterAll(() => rmSync(folder, { recursive: true }));
const full = join(folder, "full.json");
symlinkSync("/dev/full", full);
const aFolder = join(folder, "folder.html");
mkdirSync(aFolder);
const pipe = join(folder, "pipe.json");
spawnSync("mkfifo", [pipe]);
const report = join(folder, "report.json");
writeFileSync(report, JSON.stringify(sampleReport()));
const rules = join(folder, "rules.txt");
writeFileSync(rules, "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n");
const MAIN = resolve(import.meta.dirname, "../../../harness/cli/main.ts");
const VERIFY = ["verify", "seed", "--sandbox", "simulated"];

/** Root that may write only what its rights say, as everybody else. */
const WITHOUT_OVERRIDE = ["--bounding-set=-dac_override,-dac_read_search", "--", process.execPath, MAIN];
const locked = join(folder, "locked");
mkdirSync(locked, { mode: 0o555 });
writeFileSync(join(folder, "locked.json"), "", { mode: 0o444 });

describe("an output that cannot be written", () => {
  test.each([
    ["a report on a full disk", [...VERIFY, "--report", full], full, "ENOSPC"],
    ["a joined report", ["merge", report, "--report", full], full, "ENOSPC"],
    ["accepted changes", ["diff", rules, rules, "--family", "4", "--write-accept", full], full, "ENOSPC"],
  ])("ends with 3 after the result is printed: %s", async (_, words, path, cause) => {
    const { code, out, err } = await runCommand(...words);
    expect({ code, hasResult: out.length > 0, err }).toEqual({
      code: 3,
      hasResult: true,
      err: expect.stringContaining(`landfall: ${path} cannot be written (${cause}`),
    });
  });

  test("is not left half-written", () => {
    const small = join(folder, "small");
    mkdirSync(small);
    const line = `mount -t tmpfs -o size=8k none "${small}"; "$0" "$@"; echo "left:" $(ls "${small}")`;
    const words = ["-m", "sh", "-c", line, process.execPath, MAIN, ...VERIFY, "--report", join(small, "x.json")];
    const { stdout, stderr } = spawnSync("unshare", words, { encoding: "utf8" });
    expect({ left: stdout.split("\n").at(-2), stderr }).toEqual({
      left: "left:",
      stderr: expect.stringContaining("x.json cannot be written (ENOSPC"),
    });
  });

  test("does not hang the command: evidence at the name of a pipe that nobody reads", () => {
    const scenario = join(folder, "wrong.mjs");
    const answer = '{ "client -> pod:22": "envoy-outbound" }';
    writeFileSync(scenario, `export default { name: "wrong", claim: "c", capture: [], answer: ${answer} };`);
    const evidence = join(folder, "evidence");
    const words = [MAIN, "verify", scenario, "--sandbox", "simulated", "--evidence", evidence];
    const run = () => spawnSync(process.execPath, words, { encoding: "utf8", timeout: 20_000 });
    expect(run().status).toBe(1);
    const [file = ""] = readdirSync(evidence, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    rmSync(file);
    spawnSync("mkfifo", [file]);
    const { status, stderr } = run();
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: expect.stringContaining(`${file} cannot be written (ENXIO`),
    });
  });

  test.each([
    ["a report that is a folder", [...VERIFY, "--report", aFolder], "--report"],
    ["a report that is a pipe", [...VERIFY, "--report", pipe], "--report"],
    ["a report whose name is too long", [...VERIFY, "--report", `${"x".repeat(400)}.json`], "--report"],
    ["a report below a file", [...VERIFY, "--report", join(rules, "x.html")], "--report"],
    ["a report where nothing can be made", [...VERIFY, "--report", "/proc/x.html"], "--report"],
    ["evidence that is a file", [...VERIFY, "--evidence", rules], "--evidence"],
    ["evidence where nothing can be made", [...VERIFY, "--evidence", "/proc/x/y"], "--evidence"],
    [
      "accepted changes that are a folder",
      ["diff", rules, rules, "--family", "4", "--write-accept", aFolder],
      "--write-accept",
    ],
  ])("is refused before any flow is driven if that is known: %s", async (_, words, where) => {
    const { code, out, err } = await runCommand(...words);
    expect({ code, out, err }).toEqual({ code: 2, out: "", err: expect.stringContaining(`\n  ${where}: `) });
  });

  test.each([
    ["a report in a folder", [...VERIFY, "--report", join(locked, "x.json")], "--report"],
    ["a report that is there", [...VERIFY, "--report", join(folder, "locked.json")], "--report"],
    ["evidence in a folder", [...VERIFY, "--evidence", join(locked, "a/b")], "--evidence"],
    [
      "accepted changes in a folder",
      ["diff", rules, rules, "--family", "4", "--write-accept", join(locked, "x")],
      "--write-accept",
    ],
    ["a first scenario in a folder", ["init", join(locked, "flows")], join(locked, "flows/first.mjs")],
  ])("is refused before any flow is driven if the right to write is missing: %s", (_, words, where) => {
    const { status, stdout, stderr } = spawnSync("setpriv", [...WITHOUT_OVERRIDE, ...words], {
      encoding: "utf8",
      cwd: folder,
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(new RegExp(`\\n  ${where}: You have no permission to write .* \\(EACCES`)),
    });
  });
});
