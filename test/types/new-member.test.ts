import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "landfall-types-"));
  for (const name of ["harness", "schemas", "scenarios", "package.json", "tsconfig.json"])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true }));

/** Gives the files in which the type checker finds errors. */
function findFaulty(): readonly string[] {
  const { stdout } = spawnSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "--checkers", "2"],
    {
      cwd: copy,
      encoding: "utf8",
    },
  );
  return [...new Set([...stdout.matchAll(/^(\S+)\(\d+,\d+\): error/gm)].map(([, file = ""]) => file))].sort();
}

/** The files that must know every member of a union of the model, and what makes one member more. */
const UNIONS = [
  {
    union: "matches",
    file: "harness/model/match.ts",
    change: [/^export type Match =$/m, 'export type Match =\n  | { readonly kind: "made-up" }'],
    needed: [
      "harness/analysis/mutants/match-edits.ts",
      "harness/analysis/diagrams/match-traits.ts",
      "harness/formats/listing-matches.ts",
      "harness/formats/matches.ts",
      "harness/formats/nft/translate-matches.ts",
      "harness/netfilter/match.ts",
      "harness/netfilter/pod.ts",
      "harness/netfilter/why.ts",
    ],
  },
  {
    union: "targets",
    file: "harness/model/target.ts",
    change: [/^export type Target =$/m, 'export type Target =\n  | { readonly kind: "made-up" }'],
    needed: [
      "harness/analysis/mutants/target-edits.ts",
      "harness/analysis/diagrams/target-effects.ts",
      "harness/formats/listing-targets.ts",
      "harness/formats/nft/translate-targets.ts",
      "harness/formats/nft/write-rule.ts",
      "harness/formats/targets.ts",
      "harness/model/target-traits.ts",
      "harness/netfilter/verdict-names.ts",
      "harness/netfilter/target.ts",
      "harness/run/rules/known-rules.ts",
    ],
  },
  {
    union: "landings",
    file: "harness/model/landing.ts",
    change: [/^export const LANDING_KINDS = \[$/m, 'export const LANDING_KINDS = [\n  "made-up",'],
    needed: [
      "harness/model/expectation.ts",
      "harness/report/landing-verbs.ts",
      "harness/report/picture-lines.ts",
      "harness/report/report-words.ts",
    ],
  },
  {
    union: "backends",
    file: "harness/model/report.ts",
    change: [/^export type BackendName = /m, 'export type BackendName = "made-up" | '],
    needed: ["harness/model/backends.ts", "harness/sandbox/detect.ts"],
  },
] as const;

describe("one more member of a union is a type error in every table that must know it", () => {
  let faulty: readonly string[];
  beforeAll(() => {
    // One run for all four: they share no table, and without them `npm run types` finds no fault.
    for (const { file, change } of UNIONS) {
      const [where, more] = change;
      const path = join(copy, file);
      const text = readFileSync(path, "utf8");
      const changed = text.replace(where, more);
      expect(changed).not.toBe(text);
      writeFileSync(path, changed);
    }
    faulty = findFaulty();
  });

  test.each(UNIONS)("of $union", ({ needed }) => {
    expect(faulty).toEqual(expect.arrayContaining([...needed]));
  });

  test("and no other file has an error", () => {
    expect(faulty).toEqual([...new Set<string>(UNIONS.flatMap(({ needed }) => needed))].sort());
  });
});
