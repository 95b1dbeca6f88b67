import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommand } from "./run-command.ts";

const FLAGS = ["-u", "1337", "-b", "*", "-i", "*", "-d", "15020"];
const folder = mkdtempSync(join(tmpdir(), "landfall-asked-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Told = { readonly [key in "flow" | "chosenFor" | "verdict"]: string } & { readonly observed: unknown };

/** Runs verify on the simulator; gives the exit code and what it said. */
function verify(...words: readonly string[]) {
  return runCommand("verify", "--sandbox", "simulated", ...words);
}

/** Gives the report of such a run as data. */
async function report(...words: readonly string[]) {
  const { code, out } = await verify(...words, "--json");
  const data = JSON.parse(out);
  return { code, data, scenario: data.scenarios?.[0], texts: data.scenarios?.[0]?.flows.map(({ flow }: Told) => flow) };
}

describe("verify --flows", () => {
  test("drives only the asked flows of a scenario, in its order and in both manners", async () => {
    const { code, data, scenario, texts } = await report("--flows", "client -> pod:22", "--flows", "app -> *:80");
    expect({ code, texts }).toEqual({
      code: 0,
      texts: ["client -> pod:22", "app -> upstream:80", "app -> upstream:80"],
    });
    const asked = { flows: 3, of: 19 };
    expect(data.summary.asked).toEqual({ ...asked, left: 0, failed: 0 });
    const patterns = ["client -> pod:22", "app -> *:80"];
    expect(scenario.asked).toEqual({ patterns, ...asked, remaining: [], failure: null });
    expect(complainBySchema("report", data)).toEqual([]);
  });

  test("drives only the asked boundary flows and classes of rules, and claims nothing about classes", async () => {
    const rules = join(folder, "rules.txt");
    writeFileSync(rules, (await runCommand("generate", ...FLAGS, "--format", "save")).out);
    const whole = await report(...FLAGS, "--rules", rules);
    const { code, data, scenario, texts } = await report(
      ...FLAGS,
      "--rules",
      rules,
      "--flows",
      "uid=* -> elsewhere:8080",
    );
    expect(code).toBe(0);
    expect(texts.every((text: string) => text.endsWith(":8080"))).toBe(true);
    expect(scenario.flows.map(({ chosenFor }: Told) => chosenFor)).toContain("class");
    expect([scenario.classes, data.summary.classes]).toEqual([null, null]);
    expect(scenario.asked).toMatchObject({ flows: texts.length, of: whole.data.summary.flows });
    expect(complainBySchema("report", data)).toEqual([]);
  });

  test("finds the wrong flow, with the same landing as in a run of all flows", async () => {
    const rules = join(folder, "hole.txt");
    const { out } = await runCommand("generate", ...FLAGS, "--format", "save");
    writeFileSync(
      rules,
      out.replace("-A ISTIO_OUTPUT -j ISTIO_REDIRECT", "-A ISTIO_OUTPUT -p tcp --dport 3306 -j RETURN\n$&"),
    );
    const pick = ({ data }: { readonly data: ReturnType<typeof JSON.parse> }) =>
      data.scenarios[0].flows
        .filter(({ verdict }: Told) => verdict === "wrong")
        .map(({ flow, observed }: Told) => [flow, observed]);
    const [whole, asked, other] = [
      await report(...FLAGS, "--rules", rules),
      await report(...FLAGS, "--rules", rules, "--flows", "*:3306"),
      await report(...FLAGS, "--rules", rules, "--flows", "*:8080"),
    ];
    expect([whole.code, asked.code, other.code]).toEqual([1, 1, 0]);
    expect(pick(asked)).toEqual(pick(whole).filter(([flow]: readonly string[]) => flow?.endsWith(":3306")));
    expect(pick(asked).length).toBeGreaterThan(0);
  });

  test("ends with 3 if an asked flow may land elsewhere next time", async () => {
    const rules = join(folder, "limit.txt");
    const { out } = await runCommand("generate", ...FLAGS, "--format", "save");
    writeFileSync(
      rules,
      out.replace("-A ISTIO_OUTPUT -j ISTIO_REDIRECT", "-A ISTIO_OUTPUT -m limit --limit 5/min -j RETURN\n$&"),
    );
    const { code, scenario } = await report(...FLAGS, "--rules", rules, "--flows", "root -> upstream:80");
    expect(code).toBe(3);
    expect(scenario.asked.remaining).toEqual([
      { flow: "root -> upstream:80", why: expect.stringContaining("-m limit --limit 5/min") },
    ]);
  });

  const refused: readonly (readonly [what: string, words: readonly string[], said: RegExp])[] = [
    [
      "matches no flow of a scenario",
      ["--flows", "app -> upstrem:80"],
      /any of the 19 flows; the nearest: "app -> upstream:80"/,
    ],
    ["matches no flow of settings", [...FLAGS, "--flows", "app -> upstream:4711"], /the nearest: "app -> upstream:/],
    ["stands beside --max-flows", ["--flows", "*", "--max-flows", "5"], /remove --max-flows/],
    ["stands beside --list", ["--flows", "*", "--list"], /remove --max-flows or --list/],
  ];
  test.each(refused)("is refused if a pattern %s", async (_, words, said) => {
    const { code, err } = await verify(...words);
    expect([code, said.test(err) ? "told" : err]).toEqual([2, "told"]);
  });

  test("skips scenarios without a matching flow, and says how many", async () => {
    const { code, err, out } = await verify("seed", "uid-list", "--flows", "envoy@127.0.0.6 -> pod:8080");
    expect(code).toBe(0);
    expect(err).toContain("1 of 2 scenarios are left out: --flows asks for none of their flows.");
    expect(out).not.toContain("uid-list");
  });

  test("never claims to be complete, in any report, even where all flows are asked for", async () => {
    const files = ["json", "xml", "html", "md"].map((ending) => join(folder, `report.${ending}`));
    for (const pattern of ["*:22", "*"]) {
      const { code, out } = await verify(...FLAGS, "--flows", pattern, ...files.flatMap((file) => ["--report", file]));
      const told = [out, ...files.map((file) => readFileSync(file, "utf8"))];
      expect([code, told.filter((text) => /all (driven|predicted)|classes of/.test(text))]).toEqual([0, []]);
      const said = pattern === "*" ? /\b(\d+) of \1 flows were asked for/ : /only \d+ of \d{3} flows were asked for/;
      const json = told[1] ?? "";
      expect(told.map((text) => text === json || said.test(text))).toEqual([true, true, true, true, true]);
      expect(JSON.parse(json).summary.asked.of).toBeGreaterThan(100);
    }
  });

  test("is mentioned in a merged report, too", async () => {
    const [one, other] = [join(folder, "one.json"), join(folder, "other.json")];
    await verify("seed", "--flows", "*:22", "--report", one);
    await verify("uid-list", "--report", other);
    const { code, out } = await runCommand("merge", one, other, "--json");
    const { summary } = JSON.parse(out);
    expect([code, summary.asked.flows, summary.asked.of - summary.flows]).toEqual([0, summary.flows, 18]);
  });
});
