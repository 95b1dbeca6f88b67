import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import seed from "../../../scenarios/seed.ts";
import { runCommand } from "./run-command.ts";

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../schemas/${name}.json`, import.meta.url), "utf8"));

describe("mutate", () => {
  test("misses no mutant of a built-in rule set, and reports it as JSON", async () => {
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
    expect(report.mutants).toHaveLength(18);
    expect([code, report.score, report.flowsToAdd]).toEqual([0, 1, []]);
  });

  test("prints counts and score", async () => {
    const { out } = await runCommand("mutate", "dnat-from-output", "--demanded", "--sandbox", "simulated");
    expect(out).toContain("18 mutants, 17 caught, 1 equivalent, 0 missed: mutation score 100.0 %");
  });

  test("breaks the rules of one family alone with --family, and drives its flows", async () => {
    const ask = async (...words: readonly string[]) => {
      const flags = ["-u", "1337", "-b", "80", "-i", "*", "--pod-ip", "10.244.0.2,fd00:244::2"];
      const { code, out } = await runCommand("mutate", ...flags, ...words, "--sandbox", "simulated", "--json");
      const mutants: readonly { readonly mutant: string }[] = JSON.parse(out).mutants;
      return { code, names: mutants.map(({ mutant }) => mutant) };
    };
    const [both, four, six] = [await ask(), await ask("--family", "4"), await ask("--family", "6")];
    expect([both.code, four.code, six.code]).toEqual([0, 0, 0]);
    expect(four.names.filter((name) => /^ip6 | -6 /.test(name))).toEqual([]);
    expect(six.names.filter((name) => /^ip /.test(name))).toEqual([]);
    expect(four.names.length).toBeGreaterThan(0);
    expect([...four.names, ...six.names].toSorted()).toEqual(both.names.toSorted());
  });

  test("gives no score if there is no rule to break", async () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-mutate-"));
    try {
      const path = join(folder, "empty.txt");
      writeFileSync(path, "*nat\nCOMMIT\n");
      const { code, out } = await runCommand("mutate", "-u", "1337", "--rules", path, "--sandbox", "simulated");
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(/\n\nThere is no rule to break, so there is no mutation score\.\n$/),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("tries a scenario's own flows, and with --demanded also the flows that its settings demand", async () => {
    const alone = await runCommand("mutate", "seed", "--sandbox", "simulated");
    const demanded = await runCommand("mutate", "seed", "--demanded", "--sandbox", "simulated");
    expect([alone.code, alone.out]).toEqual([
      1,
      expect.stringMatching(/^seed: 194 mutants, 116 caught, 46 equivalent, 32 missed \(19 flows; TCP\)$/m),
    ]);
    expect([demanded.code, demanded.out]).toEqual([
      0,
      expect.stringMatching(/^seed: 194 mutants, 148 caught, 46 equivalent, 0 missed \(\d+ flows; TCP\)$/m),
    ]);
  });

  describe("of a scenario that misses some mutants", async () => {
    const { out } = await runCommand("mutate", "seed", "--sandbox", "simulated");
    const [each, set] = out.split("a smallest set found");
    const data = JSON.parse((await runCommand("mutate", "seed", "--sandbox", "simulated", "--json")).out);
    const lines = (each?.match(/(?<=would show it: ).*/g) ?? []).map((line) => `${line},`);
    const pasted = set?.match(/(?<=^ {4})".*/gm) ?? [];

    test("names each missed mutant's flow and landing as a scenario takes them", () => {
      expect(lines).toContain('"client -> pod:21": "envoy-inbound:15006",');
      expect(lines.filter((line) => /10\.244|fd00:244|uid=0,gid=0/.test(line))).toEqual([]);
    });

    test("ends with a smallest set of flows that catches all of them", () => {
      expect(set).toMatch(
        /^ that catches all 32 missed mutants, as the simulator predicts, for the scenario's answer:\n/,
      );
      expect(pasted).toHaveLength(9);
      expect(new Set(lines).size).toBeGreaterThan(pasted.length);
    });

    test("prints that set as JSON, each flow with the mutants that it catches", () => {
      const ajv = new Ajv2020({ strict: false });
      expect(ajv.addSchema(read("parts")).validate(read("mutate"), data), JSON.stringify(ajv.errors)).toBe(true);
      const [{ scenario, flows, uncovered }, ...others] = data.flowsToAdd;
      expect({ scenario, uncovered, others }).toEqual({ scenario: "seed", uncovered: [], others: [] });
      const texts = flows.map(
        (one: { readonly flow: { readonly flow: string }; readonly expected: string }) =>
          `"${one.flow.flow}": "${one.expected}",`,
      );
      expect(texts).toEqual(pasted);
      const missed = data.mutants.filter(({ outcome }: { readonly outcome: string }) => outcome === "missed");
      const caught = new Set(flows.flatMap(({ catches }: { readonly catches: readonly string[] }) => catches));
      expect([...caught].toSorted()).toEqual(
        missed.map(({ mutant }: { readonly mutant: string }) => mutant).toSorted(),
      );
    });

    test.each([
      ["each missed mutant's flow", lines],
      ["the smallest set", pasted],
    ])("misses none once the scenario has %s", async (_, added) => {
      const folder = mkdtempSync(join(tmpdir(), "landfall-mutate-"));
      try {
        const path = join(folder, "pasted.mjs");
        const answer = `{ ...${JSON.stringify(seed.answer)}, ${added.join(" ")} }`;
        const capture = JSON.stringify(seed.capture);
        writeFileSync(path, `export default { name: "pasted", claim: "…", capture: ${capture}, answer: ${answer} };`);
        const run = await runCommand("mutate", path, "--sandbox", "simulated");
        expect([run.code, run.out]).toEqual([0, expect.stringContaining(" 0 missed")]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });

  test("names no flow for a mutant that lands it where it reads the same: refused at another port", async () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-mutate-"));
    try {
      const path = join(folder, "closed.mjs");
      const rules = {
        ip: "*nat\n-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 7777\nCOMMIT\n",
      };
      const pod = { capture: ["-u", "1337", "-b", "", "-i", ""], rules, listen: [81] };
      const scenario = { name: "closed", claim: "…", ...pod, answer: { "client -> pod:81": "app:81" } };
      writeFileSync(path, `export default ${JSON.stringify(scenario)};`);
      const { code, out } = await runCommand("mutate", path, "--sandbox", "simulated");
      expect(code).toBe(1);
      expect(out).toContain("--to-ports 7778\n    no flow is known whose landing would read differently\n");
      expect(out).not.toContain("would show it");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("reports faults of its own options and the generator's together", async () => {
    const { code, err } = await runCommand("mutate", "-p", "0", "--jobs", "0");
    expect([code, err.match(/^ {2}\S+:/gm)]).toEqual([2, ["  -p:", "  --jobs:"]]);
  });

  test("takes scenarios or flags, not both", async () => {
    const { code, err } = await runCommand("mutate", "seed", "-b", "80", "--sandbox", "simulated");
    expect([code, err.includes("give either scenarios or mesh options")]).toEqual([2, true]);
  });
});
