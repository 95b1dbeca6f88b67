import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const VITEST = join(import.meta.dirname, "../../../node_modules/vitest/vitest.mjs");

test("a test that times out does not disturb the tests after it", () => {
  const config = join(import.meta.dirname, "timeout-victim.config.ts");
  const folder = mkdtempSync(join(tmpdir(), "landfall-vitest-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "report.json");
  const words = ["run", "--config", config, "--reporter=json", `--outputFile=${file}`];
  spawnSync(process.execPath, [VITEST, ...words], { stdio: "ignore" });
  const report = JSON.parse(readFileSync(file, "utf8")) as {
    testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
  };
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(results.map(({ title, status }) => `${title}: ${status}`)).toEqual([
    "starts the sandbox: passed",
    "is timed out in the middle of its flows: failed",
    ...[1, 2, 3].map((round) => `comes next and has the pod to itself, ${round}: passed`),
  ]);
  expect(results[1]?.failureMessages.join("\n")).toContain("timed out in 1000ms");
});
