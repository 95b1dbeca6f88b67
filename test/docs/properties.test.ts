import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCodeBlocks, readTable } from "./markdown.ts";
import { runLine } from "./page.ts";

const DOCUMENT = "docs/properties.md";
const blocks = readCodeBlocks(DOCUMENT);
const textOf = (...info: readonly string[]) => blocks.find((block) => block.info.join() === info.join())?.text ?? "";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-properties-"));
  write("properties.json", textOf("json", "properties"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

describe(DOCUMENT, () => {
  test("shows properties that the seed command's rules have, in JSON and in a module", async () => {
    const names = (JSON.parse(textOf("json", "properties")) as { readonly name: string }[]).map(({ name }) => name);
    write("properties.ts", `export default ${textOf("json", "properties")}`);
    for (const line of [textOf("sh"), "landfall prove --properties properties.ts"]) {
      const { status, out, err } = await runLine(line.trimEnd(), folder);
      expect({ status, err: err.replace(/^landfall: no flag is given; .*\n/, "") }).toEqual({
        status: 0,
        err: "",
      });
      expect(out.match(/^\S+(?= holds \(\d+ class(?:es)? checked\)$)/gm)?.slice(-names.length)).toEqual(names);
    }
  });

  test("shows how to ask about fewer flows", async () => {
    const { status, out } = await runLine(textOf("sh", "within").trimEnd(), folder);
    expect({ status, first: out.split("\n")[0] }).toEqual({
      status: 0,
      first: "Only for the flows envoy -> 10.0.0.0/8:443:",
    });
  });

  test("names every field there is", async () => {
    write("unknown.json", '[{ "unknown": 1 }]');
    const { err } = await runLine("landfall prove --properties unknown.json", folder);
    const known = /the fields are (.*)\./.exec(err)?.[1]?.split(", ");
    expect(readTable(DOCUMENT, "field").map(([cell]) => (cell ?? "").replaceAll("`", ""))).toEqual(known);
  });
});
