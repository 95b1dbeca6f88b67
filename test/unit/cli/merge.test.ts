import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Report, ScenarioReport } from "../../../harness/model/report.ts";
import { summarize } from "../../../harness/model/report-summary.ts";
import { sampleReport } from "../report/sample-report.ts";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-merge-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, change: (report: Report) => unknown = (report) => report): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(change(sampleReport())));
  return path;
}

/** The sample's scenarios from one place to another. */
function part(first: number, last: number) {
  return (report: Report): Report => {
    const scenarios = report.scenarios.slice(first, last);
    return { ...report, scenarios, summary: summarize(scenarios, 100) };
  };
}

describe("landfall merge", () => {
  test("joins reports in the order in which they are named, and adds up their sums", async () => {
    const { code, out } = await runCommand("merge", "--json", write("b.json", part(1, 2)), write("a.json", part(0, 1)));
    const report = JSON.parse(out) as Report;
    expect(complainBySchema("report", report)).toEqual([]);
    expect({ code, names: report.scenarios.map(({ name }) => name), summary: report.summary }).toEqual({
      code: 1,
      names: ["no-pass-through-rule", "seed"],
      summary: {
        flows: 6,
        pass: 4,
        wrong: 1,
        couldNotLook: 1,
        mispredicted: 2,
        omissions: 0,
        classes: null,
        notLookedAt: 0,
        coverage: { rules: 4, hit: 1, unreachable: 1 },
        durationMs: 200,
      },
    });
  });

  test("ends with the exit code of the joined run", async () => {
    expect((await runCommand("merge", write("green.json", part(1, 2)))).code).toBe(0);
  });

  test("writes the joined report", async () => {
    const path = join(folder, "joined.xml");
    await runCommand("merge", write("whole.json"), "--report", path);
    expect(readFileSync(path, "utf8")).toContain('<testsuites tests="6"');
  });

  const damage = ({ scenarios, ...report }: Report, field: keyof ScenarioReport) => ({
    ...report,
    scenarios: scenarios.map((scenario) => ({ ...scenario, [field]: undefined })),
  });
  const docker = (report: Report) => ({ ...report, sandbox: { ...report.sandbox, backend: "netns" } });
  test.each([
    ["nothing", () => [], ["REPORT.json"]],
    ["a file that is not there", () => ["/nowhere.json"], ["/nowhere.json"]],
    ["a file that is not a report", () => [write("none.json", () => ({}))], ["none.json"]],
    ["a scenario without its flows", () => [write("half.json", (report) => damage(report, "flows"))], ["half.json"]],
    [
      "a scenario without its notices",
      () => [write("less.json", (report) => damage(report, "notices"))],
      ["less.json"],
    ],
    ["the same report twice", () => [write("whole.json"), write("whole.json")], ["whole.json"]],
    ["landings of different backends", () => [write("whole.json"), write("other.json", docker)], ["other.json"]],
    ["a report in an unknown format", () => [write("whole.json"), "--report", "x.txt"], ["--report"]],
  ] as const)("refuses %s", async (_, words, places) => {
    const { code, out } = await runCommand("merge", "--json", ...words());
    const { error } = JSON.parse(out) as {
      readonly error: { readonly findings: readonly { readonly where: string }[] };
    };
    const where = error.findings.map((found) => found.where.replace(`${folder}/`, ""));
    expect({ code, where: [...new Set(where)] }).toEqual({ code: 2, where: places });
  });
});
