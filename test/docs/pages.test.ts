import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runPage } from "./page.ts";
import { PAGES } from "./page-list.ts";

const home = mkdtempSync(join(tmpdir(), "landfall-pages-"));
afterAll(() => rmSync(home, { recursive: true }));

describe.each(PAGES)("%s", (document) => {
  test("has commands that run, and shows what they print", async () => {
    const { lines, printed } = await runPage(document, mkdtempSync(join(home, "page-")));
    expect(lines.filter(({ status, expected }) => status !== expected)).toEqual([]);
    for (const { block, printed: now } of printed) expect(`${block.line}: ${block.text}`).toBe(`${block.line}: ${now}`);
    expect(lines.length).toBeGreaterThan(0);
  });
});
