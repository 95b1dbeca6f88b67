import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../harness/model/finding.ts";
import { runCommandIn } from "../unit/cli/run-command.ts";
import { SIMULATED, writeFiles } from "./case.ts";
import { CASES, casesIn, expectRefusal, HANGS_AFTER_MS, lookAt, runCase } from "./refusal.ts";

const root = mkdtempSync(join(tmpdir(), "landfall-bad-"));
afterAll(() => rmSync(root, { recursive: true }));

test("there are more than 300 cases, and no case occurs twice", () => {
  const inputs = CASES.map(({ args, files, environment }) => JSON.stringify([args, files, environment]));
  for (const list of [CASES.map(({ what }) => what), inputs])
    expect(list.filter((each, i) => list.indexOf(each) < i).map((each) => each.slice(0, 200))).toEqual([]);
  expect(CASES.length).toBeGreaterThan(300);
});

describe("landfall refuses, among many", () => {
  const cases = casesIn("one-of-many");
  let findings: readonly Finding[] = [];
  let ending: unknown;
  beforeAll(async () => {
    const folder = mkdtempSync(join(root, "many-"));
    for (const [i, { files = {} }] of cases.entries()) writeFiles(join(folder, String(i)), files);
    const words = cases.map((_, i) => `${i}/s.mjs`);
    const { code, out, err } = await runCommandIn(
      { workingDirectory: folder },
      "verify",
      ...words,
      ...SIMULATED,
      "--json",
    );
    findings = JSON.parse(out).error.findings;
    ending = { code, ...lookAt(out, err) };
  });

  test("with one screen of findings", () => {
    expect(ending).toEqual({ code: 2, isOneScreen: true, control: null });
  });

  test.each(cases.map((each, i) => [each.what, i, each.says ?? /./] as const))("%s", (_, i, says) => {
    const own = findings.filter(({ where }) => where.includes(`/${i}/s.mjs`));
    expect(own.map(({ where, message }) => `${where}: ${message}`).join("\n")).toMatch(says);
  });
});

describe("landfall refuses", () => {
  test.each(casesIn("alone").map((each) => [each.what, each] as const))(
    "%s",
    async (_, each) => expectRefusal(each, await runCase(each, root)),
    HANGS_AFTER_MS,
  );
});
