import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { splitShellWords } from "../../harness/formats/shell-words.ts";
import { runCommand } from "../unit/cli/run-command.ts";
import { renderComparison } from "./comparison.ts";

const document = readFileSync(join(import.meta.dirname, "../../docs/compare-meshes.md"), "utf8");

test("the meshes stand side by side as the program maps them; npm run compare-meshes writes them", () =>
  expect(document).toBe(renderComparison()));

test("the command that it shows finds the differences", async () => {
  const [, line = ""] = /^landfall (diff .*)$/m.exec(document) ?? [];
  const split = splitShellWords(line);
  if (split.kind !== "words") throw new Error(JSON.stringify(split));
  const { code, out } = await runCommand(...split.words.map(({ text }) => text));
  expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining("app -> upstream:4567") });
});
