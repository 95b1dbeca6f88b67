import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const FLAGS = ["-u", "1337", "-b", "*", "-i", "*", "-d", "15020"];
const folder = mkdtempSync(join(tmpdir(), "landfall-classes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { out: SEED_RULES } = await runCommand("generate", ...FLAGS, "--format", "save");

/** Writes the seed's IPv4 rules to a file, with some lines put in before others; gives its path. */
function writeRules(name: string, edit: (text: string) => string = (text) => text): string {
  const path = join(folder, name);
  writeFileSync(path, edit(SEED_RULES));
  return path;
}

/** Gives the exit code and the classes that verify reports of a file of rules, simulated. */
async function verifyRules(path: string, ...more: readonly string[]) {
  const { code, out } = await runCommand(
    "verify",
    ...FLAGS,
    "--rules",
    path,
    "--sandbox",
    "simulated",
    "--json",
    ...more,
  );
  const { scenarios, summary } = JSON.parse(out);
  const { classes, notLookedAt, flows } = scenarios[0];
  const ownFlows: number = flows.filter((flow: { readonly chosenFor: string }) => flow.chosenFor === "claim").length;
  return { code, ...classes, notLookedAt, flows: summary.flows, ownFlows };
}

const OUTBOUND = "-A ISTIO_OUTPUT -j ISTIO_REDIRECT";
const ahead = (rule: string) => (text: string) => text.replace(OUTBOUND, `${rule}\n${OUTBOUND}`);
const withFilter = (rule: string) => (text: string) =>
  `${text}*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rule}\nCOMMIT\n`;

describe("verify on rules", () => {
  test("passes if every class lands as demanded, and counts the classes", async () => {
    const seen = await verifyRules(writeRules("seed"));
    expect(seen).toMatchObject({ code: 0, unspecified: 0, left: 0, remaining: [], failure: null, notLookedAt: [] });
    expect(seen.driven).toBe(seen.total);
    expect(seen.total).toBeGreaterThan(50);
  });

  test("says in every report of how many flows at boundaries and of how many for further classes its sum is", async () => {
    const reports = ["md", "xml", "html", "json"].map((ending) => join(folder, `parts.${ending}`));
    const { out } = await runCommand(
      "verify",
      ...FLAGS,
      "--rules",
      writeRules("parts"),
      "--sandbox",
      "simulated",
      ...reports.flatMap((file) => ["--report", file]),
    );
    const texts = [out, ...reports.map((file) => readFileSync(file, "utf8"))];
    const { scenarios, summary } = JSON.parse(texts.pop() ?? "");
    const { boundaryFlows, classFlows } = scenarios[0].classes;
    expect(boundaryFlows + classFlows).toBe(summary.flows);
    expect(summary.classes).toMatchObject({ boundaryFlows, classFlows });
    const said = `Of the ${summary.flows} flows, ${boundaryFlows} are at the boundaries of what is required; the other ${classFlows} are one of each class`;
    for (const text of texts) expect(text.replaceAll(/\s+/g, " ")).toContain(said);
  });

  test("does not pass if --max-flows leaves classes out, and names them", async () => {
    const { code, total, driven, left, remaining, flows } = await verifyRules(writeRules("few"), "--max-flows", "90");
    expect({ code, flows, sum: driven + left === total, named: remaining.length === left }).toEqual({
      code: 3,
      flows: 90,
      sum: true,
      named: true,
    });
    expect(remaining[0].why).toBe("--max-flows was reached");
  });

  test("with few flows, first drives those that may land wrong", async () => {
    // A hole for what comes in: its classes come last where nothing puts them first.
    const hole = "-A ISTIO_INBOUND -p tcp -m tcp --dport 3306 -j RETURN";
    const path = writeRules("few-hole", (text) => text.replace("-A ISTIO_INBOUND -p tcp -j", `${hole}\n$&`));
    // The flows that the contract asks for go before those of the classes, and meet no hole here.
    const { ownFlows } = await verifyRules(path);
    expect((await verifyRules(path, "--max-flows", `${ownFlows}`)).code).toBe(3);
    expect((await verifyRules(path, "--max-flows", `${ownFlows + 1}`)).code).toBe(1);
  });

  const doubts: readonly (readonly [what: string, edit: (text: string) => string, code: number, why: RegExp])[] = [
    ["a limit", ahead("-A ISTIO_OUTPUT -m limit --limit 5/min -j RETURN"), 3, /-m limit --limit 5\/min/],
    ["INVALID packets", withFilter("-A INPUT -m conntrack --ctstate INVALID -j DROP"), 3, /INVALID/],
  ];
  test.each(doubts)("leaves classes undecided that depend on %s", async (_, edit, code, why) => {
    const seen = await verifyRules(writeRules("doubt", edit));
    expect(seen.code).toBe(code);
    expect(seen.left).toBeGreaterThan(0);
    expect(seen.remaining[0].why).toMatch(why);
  });

  test("leaves no class undecided if the unknown part changes nothing", async () => {
    const seen = await verifyRules(
      writeRules("harmless", ahead("-A ISTIO_OUTPUT -m limit --limit 5/min -j ISTIO_REDIRECT")),
    );
    expect({ code: seen.code, left: seen.left }).toEqual({ code: 0, left: 0 });
  });
});

describe("a family of the pod without rules", () => {
  const both = ["--pod-ip", "10.244.0.2,fd00::2"];

  test("is reported as not looked at, and the run does not pass", async () => {
    const { code, notLookedAt } = await verifyRules(writeRules("seed"), ...both);
    expect({ code, notLookedAt }).toEqual({ code: 3, notLookedAt: [6] });
  });

  test("does not matter with --family 4", async () => {
    const { code, notLookedAt } = await verifyRules(writeRules("seed"), ...both, "--family", "4");
    expect({ code, notLookedAt }).toEqual({ code: 0, notLookedAt: [] });
  });

  test("is judged if its file is empty", async () => {
    const empty = join(folder, "empty");
    writeFileSync(empty, "");
    const { code, notLookedAt } = await verifyRules(writeRules("seed"), ...both, "--rules6", empty);
    expect({ code, notLookedAt }).toEqual({ code: 1, notLookedAt: [] });
  });

  test.each(["prove", "map"])("makes %s end with 3, unless --family 4 is given", async (command) => {
    const words = [command, ...FLAGS, ...both, "--rules", writeRules("seed")];
    const { code, err } = await runCommand(...words);
    expect(code).toBe(3);
    expect(err).toContain("IPv6 was not checked");
    expect((await runCommand(...words, "--family", "4")).code).toBe(0);
  });
});

test("prove judges an excluded range that nobody in the sandbox has", async () => {
  const { code, out } = await runCommand(
    "prove",
    "-u",
    "1337",
    "-b",
    "*",
    "-i",
    "*",
    "-x",
    "192.168.0.0/16",
    "--rules",
    writeRules("noexcl"),
  );
  expect(code).toBe(1);
  expect(out).toMatch(
    /exclusions-untouched does not hold \(\d+ classes checked\)\n {2}says +Ports and ranges [\s\S]*? {2}flow +app -> 192\.168\.0\.0:8080/,
  );
});

test("a scenario file drives only the flows that its author wrote", async () => {
  const { out } = await runCommand("verify", "seed", "--sandbox", "simulated", "--json");
  const { scenarios, summary } = JSON.parse(out);
  expect({ flows: summary.flows, classes: scenarios[0].classes }).toEqual({ flows: 19, classes: null });
});
