import { copyFileSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../harness/cli/commands.ts";
import { ERROR_EXIT_CODES } from "../../harness/errors.ts";
import manifest from "../../package.json" with { type: "json" };
import { PACKED_WITHIN_MS, packOnce } from "../packed-package.ts";
import { IS_THOROUGH } from "../thoroughness.ts";
import { ROOT, readCodeBlocks, readTable } from "./markdown.ts";
import { type Ended, UserFolder } from "./user-folder.ts";

const blocks = readCodeBlocks("README.md");
const textOf = (...info: readonly string[]) => blocks.find((block) => block.info.join() === info.join())?.text ?? "";
/** npm installs some 120 packages, on a machine that is busy with other tests. */
const INSTALL_TIMEOUT_MS = PACKED_WITHIN_MS + 300_000;
let folder: UserFolder;
/** How landfall got from the checkout into a project of the user's, as the README says; the project then serves all other tests. */
let installed: Ended;

beforeAll(async () => {
  folder = new UserFolder();
  const { tarball } = await packOnce();
  copyFileSync(tarball, join(folder.path, basename(tarball)));
  // The home is the test's own, npm's cache the machine's: setting up the checkout has filled it.
  const { stdout: cache } = folder.run("npm config get cache");
  const settings = {
    HOME: folder.home,
    npm_config_cache: cache.trim(),
    npm_config_prefer_offline: "true",
    npm_config_audit: "false",
  };
  installed = folder.run(afterPacking(textOf("sh", "own-project")), folder.path, settings);
  folder.link("vitest", "vitest.mjs");
}, INSTALL_TIMEOUT_MS);
afterAll(() => folder[Symbol.dispose]());

/** The first line was run for all tests of what is packed; this gives what follows, which is typed in the project's folder. */
function afterPacking(text: string): string {
  const [packing, ...further] = text.split("\n");
  expect(packing).toMatch(/^npm pack --pack-destination ~\/my-project {3}# in the checkout$/);
  return further.join("\n");
}

/** What each line printed. */
const printed = new Map<string, string>();

/** Runs a line as a user would and compares the exit code; what went wrong shows in the difference. */
function checkLine(line: string, expected = 0) {
  const { status, stdout, stderr } = folder.run(line);
  printed.set(line, stdout);
  expect({ line, status, told: status === expected ? "" : stdout + stderr }).toEqual({
    line,
    status: expected,
    told: "",
  });
}

describe("README.md", () => {
  const lines = blocks.filter(({ info }) => info.join() === "sh").flatMap(({ text }) => text.trimEnd().split("\n"));

  // Breaking every rule of the seed in a kernel takes as long as all other lines together.
  test.each(lines.filter((line) => IS_THOROUGH || !line.startsWith("landfall mutate ")))("%s", (line) =>
    checkLine(line, Number(/# exits (\d+)$/.exec(line)?.[1] ?? 0)),
  );

  test.each([
    ["map", /^landfall map$/],
    ["diff", /^landfall diff rules\.txt/],
    ["list", / --format list$/],
    ["listing", / --format listing$/],
  ])("its %s is what landfall prints", (name, command) => {
    const [, text] = [...printed].find(([line]) => command.test(line)) ?? [];
    expect(text).toBe(textOf("text", name));
  });

  test("says the same in Chinese: the page there has the same blocks", () => {
    const told = ({ info, text }: (typeof blocks)[number]) => ({ info, text });
    expect(readCodeBlocks("docs/zh/README.md").map(told)).toEqual(blocks.map(told));
  });

  test("its scenario holds", () => {
    folder.write("mysql-bypasses.ts", textOf("ts", "scenario"));
    checkLine("landfall verify mysql-bypasses.ts --sandbox netns");
  });

  test.each(["docker", "netns"])("its vitest test passes on %s, without a vitest configuration", (sandbox) => {
    folder.write("test/pod.test.ts", textOf("ts", "vitest"));
    checkLine(`LANDFALL_SANDBOX=${sandbox} vitest run test/pod.test.ts`);
  });

  test("its scenario and its vitest test type-check against the package", () => {
    folder.write("mysql-bypasses.ts", textOf("ts", "scenario"));
    folder.write("test/pod.test.ts", textOf("ts", "vitest"));
    const compilerOptions = { module: "nodenext", strict: true, noEmit: true, skipLibCheck: true };
    folder.write(
      "tsconfig.json",
      JSON.stringify({ compilerOptions, include: ["mysql-bypasses.ts", "test/pod.test.ts"] }),
    );
    checkLine(`${join(ROOT, "node_modules/.bin/tsc")} -p .`);
  });

  test("a new project installs landfall from a checkout and verifies its first scenario", () => {
    const { status, stdout, stderr } = installed;
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain("next: npx landfall verify landfall\n");
    expect(stdout).toContain("5 flows: 5 as expected");
    expect(JSON.parse(readFileSync(join(folder.path, "package.json"), "utf8")).devDependencies).toEqual({
      landfall: `file:landfall-${manifest.version}.tgz`,
    });
  });

  test("its table of landings is what the seed scenario prints", () => {
    expect(folder.run("landfall verify --sandbox netns").stdout).toContain(textOf("text"));
  });

  test("its two commands are scripts, and continuous integration calls the second", () => {
    const commands = blocks.filter(({ info }) => info.includes("by-ci")).map(({ text }) => text.trim());
    expect(commands).toEqual(["npm start", "npm test"]);
    expect(readFileSync(join(ROOT, ".ci/run"), "utf8")).toMatch(/^npm test$/m);
  });

  test("the commands it lists are exactly landfall's commands", () => {
    const listed = readTable("README.md", "command").flatMap(([cell]) => (cell ?? "").replaceAll("`", "").split(", "));
    expect(listed.sort()).toEqual(Object.keys(COMMANDS).sort());
  });

  test("the exit codes it lists are those that errors lead to, with 0 and 1", () => {
    const listed = readTable("README.md", "code").map(([code]) => Number(code));
    expect(new Set(listed)).toEqual(new Set([0, 1, ...Object.values(ERROR_EXIT_CODES)]));
  });
});
