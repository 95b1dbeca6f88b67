import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../schemas/${name}.json`, import.meta.url), "utf8"));

describe("mutate", () => {
  test("finds no hole in a built-in rule set, and says so as data", async () => {
    const { code, out } = await runCommand("mutate", "dnat-from-output", "--sandbox", "simulated", "--json");
    const report = JSON.parse(out);
    const ajv = new Ajv2020({ strict: false });
    expect(ajv.addSchema(read("parts")).validate(read("mutate"), report), JSON.stringify(ajv.errors)).toBe(true);
    expect(report.mutants).toHaveLength(17);
    expect([code, report.score]).toEqual([0, 1]);
  });

  test("tells counts and score in words", async () => {
    const { out } = await runCommand("mutate", "dnat-from-output", "--sandbox", "simulated");
    expect(out).toContain("17 mutants, 16 caught, 1 equivalent, 0 missed: mutation score 100.0 %");
  });

  test("tells faults of flags and of its own options together", async () => {
    const { code, err } = await runCommand("mutate", "-p", "0", "--jobs", "0");
    expect([code, err.match(/^ {2}\S+:/gm)]).toEqual([2, ["  -p:", "  --jobs:"]]);
  });

  test("takes scenarios or flags, not both", async () => {
    const { code, err } = await runCommand("mutate", "seed", "-b", "80", "--sandbox", "simulated");
    expect([code, err.includes("give scenarios or flags, not both")]).toEqual([2, true]);
  });
});
