import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const VITEST = join(import.meta.dirname, "../../../node_modules/vitest/vitest.mjs");

test("a test that is timed out does not disturb those after it", () => {
  const config = join(import.meta.dirname, "timeout-victim.config.ts");
  const { stdout } = spawnSync(process.execPath, [VITEST, "run", "--config", config, "--reporter=json"], {
    encoding: "utf8",
    env: { ...process.env, VITEST: undefined, NODE_ENV: undefined },
  });
  const report = JSON.parse(stdout.slice(stdout.indexOf("{"))) as {
    testResults: { assertionResults: { title: string; status: string }[] }[];
  };
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(results.map(({ title, status }) => `${title}: ${status}`)).toEqual([
    "is timed out in the middle of its flows: failed",
    ...[1, 2, 3].map((round) => `comes next and has the pod to itself, ${round}: passed`),
  ]);
});
