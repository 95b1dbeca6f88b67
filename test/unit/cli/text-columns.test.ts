import { describe, expect, test } from "vitest";
import { chooseColumns } from "../../../harness/cli/output/text-columns.ts";
import { runCommandIn } from "./run-command.ts";

/** Columns of the widest line that a command prints for a display. */
async function measure(words: readonly string[], columns: number | null): Promise<number> {
  const display = { columns, isTerminal: false, color: false, progress: "appended" } as const;
  const { out } = await runCommandIn({ display }, ...words);
  return Math.max(...out.split("\n").map((line) => line.length));
}

test("output is as wide as the display, within bounds, and 80 columns if the width is unknown", () => {
  const widths = [null, 20, 60, 100, 200].map((columns) => chooseColumns({ columns }));
  expect(widths).toEqual([80, 40, 60, 100, 120]);
});

describe("fits 60 columns, and uses more if there are more", () => {
  const flags = ["-i", "10.0.0.0/8", "-x", "10.1.0.0/16,10.2.0.0/16", "-k", "tap0"];
  test.each([
    ["map", ...flags],
    ["explain", "uid=1000,gid=1001 -> 10.100.200.100:65535"],
    ["prove", ...flags],
  ])("%s", async (...words) => {
    const [at60, at80, at200] = [await measure(words, 60), await measure(words, 80), await measure(words, 200)];
    expect(at60).toBeLessThanOrEqual(60);
    expect(at80).toBeLessThanOrEqual(80);
    expect(at200).toBeGreaterThan(80);
    expect(at200).toBeLessThanOrEqual(120);
  });
});
