import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { complainBySchema } from "../schemas/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-misprediction-"));
afterAll(() => rmSync(folder, { recursive: true }));

const BROKEN = new URL("broken-simulator.mjs", import.meta.url).href;
const MAIN = fileURLToPath(new URL("../../../harness/cli/main.ts", import.meta.url));

/** Verifies the seed on the kernel with a simulator that was broken on purpose. */
function verifyBroken(...words: readonly string[]) {
  const conditions = "--conditions=landfall-source";
  const args = ["--import", BROKEN, conditions, MAIN, "verify", "seed", "--sandbox", "netns", ...words];
  return spawnSync(process.execPath, args, { encoding: "utf8" });
}

describe("a prediction that the kernel contradicts", () => {
  test("ends a run with 3 although every flow landed as expected, and names it a defect of landfall", () => {
    const { status, stdout, stderr } = verifyBroken();
    expect(status).toBe(3);
    expect(stdout).toMatch(/ {6}predicted refused at 10\.244\.0\.2:15007\n {6}got {7}envoy-inbound:15006/);
    expect(stdout).toMatch(/: 19 as expected, \d+ predicted wrongly, in/);
    expect(stderr).toMatch(/elsewhere in the kernel than landfall predicted.*Run again with --evidence FOLDER/);
  });

  test("is kept as evidence with a command to repeat each flow, and is in the report", () => {
    const kept = join(folder, "kept");
    const { status, stdout } = verifyBroken("--evidence", kept, "--json");
    const report = JSON.parse(stdout);
    expect(complainBySchema("report", report)).toEqual([]);
    expect([status, report.summary.wrong]).toEqual([3, 0]);
    const commands = readFileSync(join(kept, "seed", "repeat.sh"), "utf8").match(/^landfall explain .*$/gm) ?? [];
    expect(commands.length).toBe(report.summary.mispredicted);
    expect(commands[0]).toContain("landfall explain 'client -> pod:8080' --observe");
  });
});
