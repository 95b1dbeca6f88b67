import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../harness/model/finding.ts";
import { runCommandIn } from "../unit/cli/run-command.ts";
import { type BadInput, CONTROL, LINES_AT_MOST, PIPE, SIMULATED, writeFiles } from "./case.ts";
import { DATA_CASES } from "./data-cases.ts";
import { MODULE_CASES } from "./module-cases.ts";
import { PLACE_CASES } from "./place-cases.ts";
import { RULES_CASES } from "./rules-cases.ts";
import type { AsideCase, AsideEnding } from "./run-cases.ts";
import { USAGE_CASES } from "./usage-cases.ts";

const CASES: readonly BadInput[] = [...USAGE_CASES, ...RULES_CASES, ...DATA_CASES, ...PLACE_CASES, ...MODULE_CASES];
/** A command that takes longer hangs. */
const HANGS_AFTER_MS = 30_000;
/** Characters of one line on stderr. */
const COLUMNS_AT_MOST = 3_000;
/** Where several run at the same time, each takes longer. */
const CROWDED = 3;
const ASIDE = resolve(import.meta.dirname, "run-cases.ts");

const root = mkdtempSync(join(tmpdir(), "landfall-bad-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Waiting for the writer of a pipe holds a whole process up, and so is done in another; a module waits in one of its own anyway. */
const hasPipe = ({ files = {} }: BadInput) => Object.values(files).includes(PIPE);
const hasModule = ({ files = {} }: BadInput) => Object.keys(files).some((name) => name.endsWith(".mjs"));

const isOneOfMany = ({ kind }: BadInput) => kind === "one-of-many";

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

/** Runs one case, and gives how it ended. */
async function run({ args, files = {}, environment = {} }: BadInput): Promise<AsideEnding> {
  const folder = mkdtempSync(join(root, "case-"));
  writeFiles(folder, files);
  return runCommandIn({ workingDirectory: folder, environment }, ...args);
}

function lookAt(out: string, err: string) {
  const lines = err.split("\n");
  const isOneScreen = lines.length <= LINES_AT_MOST && lines.every(({ length }) => length <= COLUMNS_AT_MOST);
  return { isOneScreen, control: CONTROL.exec(out + err)?.[0] ?? null };
}

function expectRefusal(each: BadInput, { code, out, err }: AsideEnding): void {
  const { args, says = /./ } = each;
  const ending = {
    code,
    out: args.includes("--json") ? "" : out.slice(0, 200),
    isSaid: says.test(err),
    ...lookAt(out, err),
  };
  const refused = { code: each.code ?? 2, out: "", isSaid: true, isOneScreen: true, control: null };
  expect(ending, err.slice(0, 2_000)).toEqual(refused);
}

const named = (cases: readonly BadInput[]) => cases.map((each) => [each.what, each] as const);

test("there are more than 300 cases, and no case occurs twice", () => {
  const inputs = CASES.map(({ args, files, environment }) => JSON.stringify([args, files, environment]));
  for (const list of [CASES.map(({ what }) => what), inputs])
    expect(list.filter((each, i) => list.indexOf(each) < i).map((each) => each.slice(0, 200))).toEqual([]);
  expect(CASES.length).toBeGreaterThan(300);
});

describe("landfall refuses, among many", () => {
  const cases = CASES.filter(isOneOfMany);
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

const alone = CASES.filter((each) => !isOneOfMany(each) && !hasPipe(each));

describe("landfall refuses", () => {
  test.each(named(alone.filter((each) => !hasModule(each))))(
    "%s",
    async (_, each) => expectRefusal(each, await run(each)),
    HANGS_AFTER_MS,
  );
});

describe.concurrent("landfall refuses", () => {
  test.each(named(alone.filter(hasModule)))(
    "%s",
    async (_, each) => expectRefusal(each, await run(each)),
    HANGS_AFTER_MS * CROWDED,
  );
});

describe("landfall refuses, without waiting for input,", () => {
  const cases = CASES.filter((each) => !isOneOfMany(each) && hasPipe(each));
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
