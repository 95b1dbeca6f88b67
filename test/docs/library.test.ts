import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import * as landfall from "../../harness/index.ts";
import { renderApiReport } from "./api-report.ts";
import { LIBRARY_PAGE, LibraryExamples } from "./library-page.ts";
import { ROOT } from "./markdown.ts";

const page = new LibraryExamples();
afterAll(() => page[Symbol.dispose]());

describe(LIBRARY_PAGE, () => {
  test("shows examples that type-check and print what the page says", () => {
    expect(page.checkTypes()).toBe("");
    const printed = page.run();
    expect(printed).toEqual(page.examples.map(({ printed: block }) => block.text));
  });

  test("uses every function and constant that landfall exports", () => {
    const text = page.examples.map(({ example }) => example.text).join("\n");
    const all = `${text}\n${readFileSync(join(ROOT, LIBRARY_PAGE), "utf8")}`;
    expect(Object.keys(landfall).filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).toEqual([]);
  });
});

test("docs/api.md has every export with its signature; npm run api writes it", () =>
  expect(readFileSync(join(ROOT, "docs/api.md"), "utf8")).toBe(renderApiReport()));
