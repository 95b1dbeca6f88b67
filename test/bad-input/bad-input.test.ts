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
import { USAGE_CASES } from "./usage-cases.ts";

const CASES: readonly BadInput[] = [...USAGE_CASES, ...RULES_CASES, ...DATA_CASES, ...PLACE_CASES, ...MODULE_CASES];
/** A command that takes longer hangs. */
const HANGS_AFTER_MS = 10_000;
/** Characters of one line on stderr. */
const COLUMNS_AT_MOST = 3_000;
/** Where several run at the same time, each takes longer. */
const CROWDED = 3;
const MAIN = resolve(import.meta.dirname, "../../harness/cli/main.ts");

const root = mkdtempSync(join(tmpdir(), "landfall-bad-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Waiting for the writer of a pipe holds a whole process up, and so is done in one of its own; a module waits in one anyway. */
const hasPipe = ({ files = {} }: BadInput) => Object.values(files).includes(PIPE);
const waits = (each: BadInput) => hasPipe(each) || Object.keys(each.files ?? {}).some((name) => name.endsWith(".mjs"));

const isOneOfMany = ({ kind }: BadInput) => kind === "one-of-many";

async function runAside(folder: string, { args }: BadInput) {
  const child = spawn(process.execPath, ["--conditions=landfall-source", MAIN, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code, out, err };
}

/** Runs one case, and gives what is to be known of it. */
async function run(each: BadInput) {
  const { args, files = {}, environment = {}, says = /./ } = each;
  const folder = mkdtempSync(join(root, "case-"));
  writeFiles(folder, files);
  const { code, out, err } = hasPipe(each)
    ? await runAside(folder, each)
    : await runCommandIn({ workingDirectory: folder, environment }, ...args);
  return {
    err: err.slice(0, 2_000),
    code,
    out: args.includes("--json") ? "" : out.slice(0, 200),
    isSaid: says.test(err),
    ...lookAt(out, err),
  };
}

function lookAt(out: string, err: string) {
  const lines = err.split("\n");
  const isOneScreen = lines.length <= LINES_AT_MOST && lines.every(({ length }) => length <= COLUMNS_AT_MOST);
  return { isOneScreen, control: CONTROL.exec(out + err)?.[0] ?? null };
}

async function expectRefusal(each: BadInput) {
  const { err, ...ending } = await run(each);
  const refused = { code: each.code ?? 2, out: "", isSaid: true, isOneScreen: true, control: null };
  expect(ending, err).toEqual(refused);
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

describe("landfall refuses", () => {
  test.each(named(CASES.filter((each) => !waits(each) && !isOneOfMany(each))))(
    "%s",
    (_, each) => expectRefusal(each),
    HANGS_AFTER_MS,
  );
});

describe.concurrent("landfall refuses", () => {
  test.each(named(CASES.filter((each) => waits(each) && !isOneOfMany(each))))(
    "%s",
    (_, each) => expectRefusal(each),
    HANGS_AFTER_MS * CROWDED,
  );
});
