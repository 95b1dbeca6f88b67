import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCodeBlocks, readTable } from "./markdown.ts";
import { UserFolder } from "./user-folder.ts";

const DOCUMENT = "docs/properties.md";
const blocks = readCodeBlocks(DOCUMENT);
const textOf = (...info: readonly string[]) => blocks.find((block) => block.info.join() === info.join())?.text ?? "";
let folder: UserFolder;

beforeAll(() => {
  folder = new UserFolder();
  folder.write("properties.json", textOf("json", "properties"));
});
afterAll(() => folder[Symbol.dispose]());

describe(DOCUMENT, () => {
  test("shows properties that the seed command's rules have, in JSON and in a module", () => {
    const names = (JSON.parse(textOf("json", "properties")) as { readonly name: string }[]).map(({ name }) => name);
    folder.write("properties.ts", `export default ${textOf("json", "properties")}`);
    for (const line of [textOf("sh"), "landfall prove --properties properties.ts"]) {
      const { status, stdout, stderr } = folder.run(line);
      expect({ status, stderr: stderr.replace(/^landfall: no flag is given; .*\n/, "") }).toEqual({
        status: 0,
        stderr: "",
      });
      expect(stdout.match(/^\S+(?= holds \(\d+ class(?:es)? checked\)$)/gm)?.slice(-names.length)).toEqual(names);
    }
  });

  test("shows how to ask about fewer flows", () => {
    const { status, stdout } = folder.run(textOf("sh", "within"));
    expect({ status, first: stdout.split("\n")[0] }).toEqual({
      status: 0,
      first: "Only for the flows envoy -> 10.0.0.0/8:443:",
    });
  });

  test("names every field there is", () => {
    folder.write("unknown.json", '[{ "unknown": 1 }]');
    const { stderr } = folder.run("landfall prove --properties unknown.json");
    const known = /the fields are (.*)\./.exec(stderr)?.[1]?.split(", ");
    expect(readTable(DOCUMENT, "field").map(([cell]) => (cell ?? "").replaceAll("`", ""))).toEqual(known);
  });
});
