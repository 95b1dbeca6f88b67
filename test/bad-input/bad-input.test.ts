import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../harness/model/finding.ts";
import { runCommandIn } from "../unit/cli/run-command.ts";
import { type BadInput, SIMULATED, writeFiles } from "./case.ts";
import { CASES, CROWDED, casesIn, expectRefusal, HANGS_AFTER_MS, lookAt, runCase } from "./refusal.ts";
import type { AsideCase, AsideEnding } from "./run-cases.ts";

const ASIDE = resolve(import.meta.dirname, "run-cases.ts");

const root = mkdtempSync(join(tmpdir(), "landfall-bad-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Runs cases in one process of their own, which must come to its end, and gives the ending of each. */
async function runAside(cases: readonly BadInput[]): Promise<readonly AsideEnding[]> {
  const orders = cases.map(({ args, files = {}, environment = {} }): AsideCase => {
    const folder = mkdtempSync(join(root, "case-"));
    writeFiles(folder, files);
    return { folder, args, environment };
  });
  const child = spawn(process.execPath, ["--conditions=landfall-source", ASIDE, JSON.stringify(orders)], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: HANGS_AFTER_MS * CROWDED,
    killSignal: "SIGKILL",
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const endings = out.split("\n").slice(0, -1);
  const last = code === 0 ? "none" : (cases[endings.length]?.what ?? "the end of the process");
  expect({ err, waitsFor: last, endings: endings.length }).toEqual({
    err: "",
    waitsFor: "none",
    endings: cases.length,
  });
  return endings.map((line) => JSON.parse(line) as AsideEnding);
}

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

describe("landfall refuses, without waiting for input,", () => {
  const cases = casesIn("pipe");
  let endings: readonly AsideEnding[] = [];
  beforeAll(async () => {
    endings = await runAside(cases);
  });

  test.each(cases.map((each, i) => [each.what, each, i] as const))("%s", (_, each, i) => {
    const ending = endings[i];
    if (ending === undefined) throw new Error("it has not ended");
    expectRefusal(each, ending);
  });
});
