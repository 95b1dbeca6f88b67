import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../../harness/model/report.ts";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommandIn } from "./run-command.ts";

let folder: string;
let rules: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-verify-"));
  rules = (await run("generate", "-u", "1337", "-i", "*", "-b", "*", "-d", "15020", "--format", "save")).out;
  write("seed.rules", rules);
  write("no-uid.rules", rules.replace(/^.*--uid-owner 1337.*\n/m, ""));
  write("empty.rules", "");
  write("bad.rules", "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j NOWHERE\n-A NOWHERE -j DROP\nCOMMIT\n");
  write("refused.rules", "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m nosuchmatch --foo 1 -j ACCEPT\nCOMMIT\n");
  write("rules.sh", "#!/bin/sh\niptables -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 15001\n");
  write("nothing.sh", "#!/bin/sh\ntrue\n");
  write("failing.sh", "#!/bin/sh\necho no such thing >&2\nexit 4\n");
  mkdirSync(join(folder, "own"));
  mkdirSync(join(folder, "wide"));
  write("wide/入站.mjs", scenario("入站", { "client -> pod:8080": "app:8080" }));
  write("own/green.mjs", scenario("green", { "client -> pod:8080": "app:8080" }));
  write("own/red.mjs", scenario("red", { "client -> pod:8080": "app:8080", "client -> pod:22": "refused" }));
  mkdirSync(join(folder, "bad"));
  write("bad/bad.mjs", scenario("bad", { "client -> pod:0": "ap" }));
  write("bad/worse.mjs", "export default 1;\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function scenario(name: string, answer: Readonly<Record<string, string>>): string {
  return `export default ${JSON.stringify({ name, claim: `${name} is claimed.`, capture: ["-b", ""], answer })};\n`;
}

function run(...words: readonly string[]) {
  return runCommandIn({ workingDirectory: folder }, ...words);
}

/** Runs `verify` and gives exit code and report; the report is held to its schema. */
async function verify(...words: readonly string[]) {
  const { code, out, err } = await run("verify", "--json", ...words);
  const report = JSON.parse(out) as Report & {
    readonly error?: { readonly code: string; readonly findings: readonly { where: string }[] };
  };
  expect(complainBySchema(report.error ? "error" : "report", report)).toEqual([]);
  return { code, report, err };
}

test("a contract that requires nothing of any flow does not pass, and verify says so", async () => {
  write("six.yaml", "version: 1\nclauses: [{name: six, says: A., flows: client6 -> pod6:80, must: as-dialled}]\n");
  const words = ["--contract", "six.yaml", "--rules", "seed.rules", "--family", "4", "--sandbox", "simulated"];
  const { code, err } = await run("verify", ...words);
  expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(/^landfall: no flow was judged: .*\n$/) });
});

describe("landfall verify says by its exit code and report", () => {
  const rows: readonly (readonly [string, readonly string[], number, Partial<Report["summary"]>])[] = [
    ["0, all as expected: the seed on the kernel", ["seed", "--sandbox", "netns"], 0, { flows: 19, pass: 19 }],
    ["0, the seed simulated", ["--sandbox", "simulated"], 0, { flows: 19, pass: 19 }],
    [
      "0, the seed with its own user-supplied rules",
      ["seed", "--sandbox", "netns", "--rules", "seed.rules"],
      0,
      { pass: 19 },
    ],
    [
      "1, user-supplied rules that lack one",
      ["seed", "--sandbox", "netns", "--rules", "no-uid.rules"],
      1,
      { wrong: 1, pass: 18 },
    ],
    ["1, an own scenario that is wrong", ["own", "--sandbox", "netns"], 1, { wrong: 1, pass: 2 }],
    ["0, an own scenario that is right", ["own/green.mjs", "--sandbox", "netns"], 0, { flows: 1, pass: 1 }],
    ["0, one shard of two", ["own", "--shard", "1/2", "--sandbox", "netns"], 0, { flows: 1, pass: 1 }],
    ["1, the other shard", ["own", "--shard", "2/2", "--sandbox", "netns"], 1, { flows: 2, wrong: 1 }],
    [
      "1, no rules under the seed's flows",
      ["seed", "--sandbox", "netns", "--rules", "empty.rules"],
      1,
      { flows: 19, pass: 8 },
    ],
    [
      "1, a script that does something else",
      ["seed", "--sandbox", "netns", "--rules-script", "rules.sh"],
      1,
      { flows: 19 },
    ],
  ];
  test.each(rows)("%s", async (_, words, expected, summary) => {
    const { code, report } = await verify(...words);
    expect({ code, summary: report.summary }).toEqual({
      code: expected,
      summary: expect.objectContaining({ ...summary, couldNotLook: 0, mispredicted: 0 }),
    });
  });

  test("1 for a wrong flow, with the rules that the kernel counted for it", async () => {
    const { report } = await verify("seed", "--sandbox", "netns", "--rules", "no-uid.rules");
    const wrong = report.scenarios[0]?.flows.find(({ verdict }) => verdict === "wrong");
    expect(wrong).toMatchObject({
      flow: "uid=1337,gid=1000 -> upstream:80",
      expected: { listener: "upstream" },
      observed: { listener: "envoy-outbound", originalDestination: expect.stringMatching(/:80$/) },
      rulesBy: "counters",
    });
    expect(wrong?.rules.map(({ chain, rule }) => [chain, rule.split(" ").at(-1)])).toEqual([
      ["OUTPUT", "ISTIO_OUTPUT"],
      ["ISTIO_OUTPUT", "ISTIO_REDIRECT"],
      ["ISTIO_REDIRECT", "15001"],
    ]);
  });

  test("0 for options on the command line, with flows and landings that follow from the contract", async () => {
    const { code, report } = await verify("-u", "2002", "-b", "80,443", "-i", "10.96.0.0/16", "--sandbox", "netns");
    expect({ code, name: report.scenarios[0]?.name, config: report.scenarios[0]?.capture }).toEqual({
      code: 0,
      name: "rules",
      config: expect.objectContaining({ proxyUid: ["2002"] }),
    });
    expect(report.summary.flows).toBeGreaterThan(40);
    expect(report.summary.pass).toBe(report.summary.flows);
  });

  test("1 for user-supplied rules that break the contract of the options", async () => {
    const { code, report } = await verify(
      "-u",
      "2002",
      "-b",
      "*",
      "-i",
      "*",
      "--rules",
      "seed.rules",
      "--sandbox",
      "netns",
    );
    expect(code).toBe(1);
    const wrong = report.scenarios[0]?.flows.filter(({ verdict }) => verdict === "wrong").map(({ flow }) => flow);
    expect(wrong).toContain("envoy -> upstream:80");
    expect(report.scenarios[0]?.flows.filter(({ family }) => family === 6)).toEqual([]);
  });

  test("the same report for any number of sandboxes, apart from durations and ephemeral ports", async () => {
    const words = ["own/red.mjs", "own/green.mjs", "seed", "--sandbox", "netns"];
    const landings = ({ report }: { readonly report: Report }) =>
      report.scenarios.map(({ name, flows }) => [
        name,
        flows.map(({ flow, verdict, observed }) => [flow, verdict, observed.listener]),
      ]);
    expect(landings(await verify(...words, "--jobs", "3"))).toEqual(landings(await verify(...words)));
  });
});

describe("landfall verify refuses, with exit code 2 and every finding,", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["words that select nothing", ["nope", "seeds", "--sandbox", "simulated"], ["nope", "seeds"]],
    ["scenarios together with flags", ["seed", "-p", "15001"], ["-p … -k"]],
    [
      "invalid numbers",
      ["--jobs", "0", "--shard", "3/2", "--min-coverage", "101"],
      ["--min-coverage", "--jobs", "--shard"],
    ],
    ["files that are not there", ["--rules", "a", "--rules6", "b"], ["--rules", "--rules6"]],
    ["reports that cannot be written", ["--report", "a.txt", "--report", "no/b.json"], ["--report", "--report"]],
    [
      "faults of flags, of its own options and of places to write, all together",
      ["-p", "0", "--jobs", "0", "--evidence", "/proc/x"],
      ["--evidence", "--jobs", "-p"],
    ],
    [
      "a script together with files of rules",
      ["--rules-script", "rules.sh", "--rules", "seed.rules"],
      ["--rules-script"],
    ],
    ["an unknown backend", ["--sandbox", "podman"], ["--sandbox"]],
    ["an unknown option", ["--sandboxes", "netns"], ["--sandboxes"]],
    [
      "options for containers together with another backend",
      ["--init-container", "--privileged", "--sandbox", "netns"],
      ["--init-container", "--privileged"],
    ],
    ["an init container where nothing is real", ["--init-container", "--sandbox", "simulated"], ["--init-container"]],
    ["a watch that keeps", ["--watch", "--keep", "--sandbox", "docker"], ["--watch"]],
    ["a pause without a terminal", ["--pause-on-fail"], ["--pause-on-fail"]],
    ["rules that cannot be read", ["seed", "--rules", "bad.rules"], ["bad.rules"]],
    [
      "files that are not scenarios, with the faults of all others",
      ["bad"],
      ["bad/bad.mjs: answer", "bad/bad.mjs: answer", "bad/worse.mjs"],
    ],
    ["scenarios with invalid texts", ["bad/bad.mjs"], ["bad/bad.mjs: answer", "bad/bad.mjs: answer"]],
    ["flags the generator refuses", ["-p", "0", "-m", "tproxy"], ["-p", "-m"]],
    ["rules of a family that no flow is of", ["own/green.mjs", "--rules6", "empty.rules"], ["green"]],
  ];
  test.each(rows)("%s", async (_, words, places) => {
    const { code, report, err } = await verify(...words);
    const where =
      report.error?.findings.map((each) => each.where.replace(`${folder}/`, "").replace(/ "client.*$/, "")) ?? [];
    expect({ code, where: where.toSorted() }).toEqual({ code: 2, where: places.toSorted() });
    expect(err).toContain(places[0] ?? "");
  });

  test("rules that the kernel refuses, in the kernel's words", async () => {
    const { code, report } = await verify("seed", "--rules", "refused.rules", "--sandbox", "netns");
    expect({ code, error: report.error?.code }).toEqual({ code: 2, error: "rules-refused" });
  });

  test("a script that fails", async () => {
    const { code, report, err } = await verify("seed", "--rules-script", "failing.sh", "--sandbox", "netns");
    expect({ code, error: report.error?.code }).toEqual({ code: 2, error: "rules-refused" });
    expect(err).toContain("no such thing");
  });
});

describe("landfall verify", () => {
  test("ends with 3 if the environment cannot run what is asked", async () => {
    const { code, report } = await verify("seed", "--rules-script", "rules.sh", "--sandbox", "simulated");
    expect({ code, error: report.error?.code }).toEqual({ code: 3, error: "environment" });
  });

  test("lists every scenario with its claim", async () => {
    const { code, out } = await run("verify", "--list", "--json");
    const list = JSON.parse(out) as { readonly scenarios: readonly { name: string; claim: string }[] };
    expect(complainBySchema("list", list)).toEqual([]);
    expect({ code, first: list.scenarios.find(({ name }) => name === "seed")?.claim }).toMatchObject({
      code: 0,
      first: expect.stringMatching(/15006/),
    });
    expect(list.scenarios.length).toBeGreaterThanOrEqual(40);
    expect((await run("verify", "--list", "own")).out).toBe("green  green is claimed.\nred    red is claimed.\n");
    expect((await run("verify", "--list", "own", "--shard", "2/2")).out).toBe("red  red is claimed.\n");
    expect((await run("verify", "--list", "own", "--shard", "3/3")).out).toBe("");
    expect((await run("verify", "--list", "own/red.mjs", "wide/入站.mjs")).out).toBe(
      "red   red is claimed.\n入站  入站 is claimed.\n",
    );
  });

  test("writes reports in the form their endings say, and the table to stdout", async () => {
    const files = ["r.json", "r.xml", "r.html"];
    const { code, out } = await run(
      "verify",
      "own",
      "--sandbox",
      "simulated",
      ...files.flatMap((file) => ["--report", file]),
    );
    expect(code).toBe(1);
    expect(out).toMatch(/✗ client -> pod:22 +app:22\n[\s\S]*✗ 1 flow lands on app:22 instead of being refused\n/);
    const [json = "", xml = "", html = ""] = files.map((file) => readFileSync(join(folder, file), "utf8"));
    expect(complainBySchema("report", JSON.parse(json))).toEqual([]);
    expect(xml).toContain('<testsuite name="red"');
    expect(html).toMatch(/^<!doctype html>/);
  });

  test("names user-supplied rules that have no effect, on stderr and in the report", async () => {
    const nothing = ["IPv4: the script has added no rules.", "IPv6: the script has added no rules."];
    const { code, out, err } = await run(
      ...["verify", "-b", "*", "-d", "15020", "--rules-script", "nothing.sh", "--sandbox", "netns", "--json"],
    );
    expect({ code, notices: (JSON.parse(out) as Report).scenarios[0]?.notices }).toEqual({ code: 1, notices: nothing });
    expect(err).toBe(nothing.map((notice) => `landfall: rules: ${notice}\n`).join(""));
    const { report } = await verify("seed", "--sandbox", "simulated");
    expect(report.scenarios[0]?.notices).toEqual([]);
  });

  test("writes nothing and applies nothing if the input is bad", async () => {
    await run("verify", "bad", "--report", "never.json");
    expect(existsSync(join(folder, "never.json"))).toBe(false);
  });

  test("measures coverage, and fails below the required share", async () => {
    const measured = await verify("seed", "--sandbox", "netns", "--coverage");
    expect(measured.report.scenarios[0]?.coverage).toMatchObject({ rules: expect.any(Number) });
    expect(measured.code).toBe(0);
    const { hit = 0, rules: all = 1, takers = [] } = measured.report.scenarios[0]?.coverage ?? {};
    expect(hit).toBeLessThan(all);
    expect(takers).toHaveLength(all - hit);
    expect((await verify("seed", "--sandbox", "netns", "--min-coverage", "100")).code).toBe(1);
    expect(
      (await verify("seed", "--sandbox", "netns", "--min-coverage", `${Math.floor((hit / all) * 100)}`)).code,
    ).toBe(0);
  });

  test("does not count rules that no flow can reach", async () => {
    const { report } = await verify("missing-outbound-redirect", "--sandbox", "simulated", "--coverage");
    const [coverage] = report.scenarios.map((scenario) => scenario.coverage);
    expect(coverage?.unreachable.map(({ rule }) => rule)).toEqual([
      "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
    ]);
    const { rules = 0, hit = 0 } = coverage ?? {};
    expect(report.summary.coverage).toEqual({ rules, hit, unreachable: 1 });
  });

  test("prints its usage", async () => {
    const { code, out } = await run("verify", "--help");
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^Usage: landfall verify \[SCENARIO…\]/) });
  });
});
