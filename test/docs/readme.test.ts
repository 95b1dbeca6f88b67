import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../harness/cli/commands.ts";
import { ERROR_EXIT_CODES } from "../../harness/errors.ts";
import { ROOT, readCodeBlocks, readTable } from "./markdown.ts";
import { UserFolder } from "./user-folder.ts";

const blocks = readCodeBlocks("README.md");
const textOf = (...info: readonly string[]) => blocks.find((block) => block.info.join() === info.join())?.text ?? "";
let folder: UserFolder;

beforeAll(() => {
  folder = new UserFolder();
});
afterAll(() => folder[Symbol.dispose]());

/** Runs a line as a user would and compares the exit code; what went wrong shows in the difference. */
function checkLine(line: string, expected = 0) {
  const { status, stdout, stderr } = folder.run(line);
  expect({ line, status, told: status === expected ? "" : stdout + stderr }).toEqual({
    line,
    status: expected,
    told: "",
  });
}

describe("README.md", () => {
  const lines = blocks.filter(({ info }) => info.join() === "sh").flatMap(({ text }) => text.trimEnd().split("\n"));

  test.each(lines)("%s", (line) => checkLine(line, Number(/# exits (\d+)$/.exec(line)?.[1] ?? 0)));

  test("its scenario holds", () => {
    folder.write("mysql-bypasses.ts", textOf("ts", "scenario"));
    checkLine("landfall verify mysql-bypasses.ts --sandbox netns");
  });

  test("its vitest test passes", () => {
    folder.write("pod.test.ts", textOf("ts", "vitest"));
    checkLine("LANDFALL_SANDBOX=netns vitest run pod.test.ts");
  });

  test("its table of landings is what the seed scenario prints", () => {
    expect(folder.run("landfall verify --sandbox netns").stdout).toContain(textOf("text"));
  });

  test("its two commands are scripts, and continuous integration calls the second", () => {
    const commands = blocks.filter(({ info }) => info.includes("by-ci")).map(({ text }) => text.trim());
    expect(commands).toEqual(["npm start", "npm test"]);
    expect(readFileSync(join(ROOT, ".ci/run"), "utf8")).toMatch(/^npm test$/m);
  });

  test("the commands it lists are those there are", () => {
    const listed = readTable("README.md", "command").flatMap(([cell]) => (cell ?? "").replaceAll("`", "").split(", "));
    expect(listed.sort()).toEqual(Object.keys(COMMANDS).sort());
  });

  test("the exit codes it lists are those that errors lead to, with 0 and 1", () => {
    const listed = readTable("README.md", "code").map(([code]) => Number(code));
    expect(new Set(listed)).toEqual(new Set([0, 1, ...Object.values(ERROR_EXIT_CODES)]));
  });
});
