import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../schemas/${name}.json`, import.meta.url), "utf8"));

describe("mutate", () => {
  test("finds no hole in a built-in rule set, and says so as data", async () => {
    const { code, out } = await runCommand(
      "mutate",
      "dnat-from-output",
      "--demanded",
      "--sandbox",
      "simulated",
      "--json",
    );
    const report = JSON.parse(out);
    const ajv = new Ajv2020({ strict: false });
    expect(ajv.addSchema(read("parts")).validate(read("mutate"), report), JSON.stringify(ajv.errors)).toBe(true);
    expect(report.mutants).toHaveLength(17);
    expect([code, report.score]).toEqual([0, 1]);
  });

  test("tells counts and score in words", async () => {
    const { out } = await runCommand("mutate", "dnat-from-output", "--demanded", "--sandbox", "simulated");
    expect(out).toContain("17 mutants, 16 caught, 1 equivalent, 0 missed: mutation score 100.0 %");
  });

  test("asks a scenario's own flows what they would notice, and with its flags' demands added, those too", async () => {
    const alone = await runCommand("mutate", "seed", "--sandbox", "simulated");
    const demanded = await runCommand("mutate", "seed", "--demanded", "--sandbox", "simulated");
    expect([alone.code, alone.out]).toEqual([
      1,
      expect.stringMatching(/^seed: 194 mutants, 116 caught, 46 equivalent, 32 missed \(19 flows\)$/m),
    ]);
    expect([demanded.code, demanded.out]).toEqual([
      0,
      expect.stringMatching(/^seed: 194 mutants, 148 caught, 46 equivalent, 0 missed \(96 flows\)$/m),
    ]);
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
