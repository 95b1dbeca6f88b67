import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BadInput, writeFiles } from "./case.ts";
import { CROWDED, casesIn, expectRefusal, HANGS_AFTER_MS } from "./refusal.ts";
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
