import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { readProcessorWaitMs } from "../../../harness/load/processor-wait.ts";

test("a process that shares its only processor with another has waited for it", async () => {
  const loop = ["taskset", ["--cpu-list", "0", process.execPath, "-e", "for (;;);"]] as const;
  const both = [1, 2].map(() => spawn(...loop, { stdio: "ignore" }));
  try {
    const [first] = both;
    await expect.poll(() => readProcessorWaitMs(first?.pid ?? 0), { timeout: 20_000 }).toBeGreaterThan(50);
  } finally {
    for (const child of both) child.kill("SIGKILL");
    await Promise.all(both.map((child) => once(child, "exit")));
  }
});

test("a process that is gone has not waited", () => {
  expect(readProcessorWaitMs(0)).toBe(0);
});
