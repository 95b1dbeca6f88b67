import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ERROR_EXIT_CODES } from "../../harness/errors.ts";
import { BLIND_CODES } from "../../harness/model/blind-codes.ts";
import { FINDING_CODES } from "../../harness/model/finding-codes.ts";
import { readTable } from "./markdown.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/codes.md"), "utf8");

/** Gives code and meaning of each row below a heading of the page. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const section = page.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| `([a-z-]+)` \| (.+) \|$/gm)].map(([, code = "", meaning = ""]) => [code, meaning]);
}

/** Gives code and meaning of each line of a docstring, as the page begins sentences. */
function meaningsIn(file: string): readonly (readonly string[])[] {
  const text = readFileSync(join(root, file), "utf8");
  const lines = [...text.matchAll(/^ \* - `([a-z-]+)`: (.+)$/gm)];
  return lines.map(([, code = "", meaning = ""]) => [code, `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}`]);
}

test.each([
  ["Findings", "harness/model/finding-codes.ts", FINDING_CODES],
  ["Could not look", "harness/model/blind-codes.ts", BLIND_CODES],
] as const)("the codes listed under %s are exactly those of the code, with their meanings", (heading, file, codes) => {
  expect(rowsBelow(heading)).toEqual(meaningsIn(file));
  expect(meaningsIn(file).map(([code]) => code)).toEqual([...codes]);
});

test("docs/troubleshooting.md has every error's code with its exit code, and every reason not to look", () => {
  const rows = readTable("docs/troubleshooting.md", "code | exit code").map(([code = "", exit]) => [
    code,
    Number(exit),
  ]);
  expect(Object.fromEntries(rows.map(([code, exit]) => [String(code).replaceAll("`", ""), exit]))).toEqual(
    ERROR_EXIT_CODES,
  );
  const reasons = readTable("docs/troubleshooting.md", "code | usual cause").map(([code = ""]) =>
    code.replaceAll("`", ""),
  );
  expect(reasons).toEqual([...BLIND_CODES]);
});

test("docs/json.md names every schema", () => {
  const text = readFileSync(join(root, "docs/json.md"), "utf8");
  expect(readdirSync(join(root, "schemas")).filter((name) => !text.includes(`(../schemas/${name})`))).toEqual([]);
});
