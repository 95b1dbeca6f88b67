import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MESHES } from "../../../harness/meshes/meshes.ts";
import { parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
import { loadScenarioFiles } from "../../../harness/run/scenario/scenario-files.ts";
import { runCommandIn } from "./run-command.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-init-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function init(...words: readonly string[]) {
  const { code, out } = await runCommandIn({ workingDirectory: folder }, "init", ...words, "--json");
  return { code, data: JSON.parse(out) };
}

describe("landfall init", () => {
  test("writes a scenario that can be used, and a workflow that verifies its folder", async () => {
    const written = ["flows/first.mjs", ".github/workflows/landfall.yml"];
    expect(await init("flows")).toEqual({ code: 0, data: { formatVersion: "1.0", written, left: [] } });
    standInForPackage();
    const loaded = await loadScenarioFiles([join(folder, "flows/first.mjs")]);
    expect(loaded.ok && loaded.value.map(({ scenario }) => parseScenario(scenario, "first").ok)).toEqual([true]);
    expect(readFileSync(join(folder, ".github/workflows/landfall.yml"), "utf8")).toContain("landfall verify flows ");
  });

  test.each(MESHES.map(({ name }) => name))("writes a scenario of %s that passes in a kernel", async (mesh) => {
    expect(await init("flows", "--mesh", mesh)).toMatchObject({ code: 0 });
    standInForPackage();
    const words = ["verify", join(folder, "flows"), "--sandbox", "netns"];
    const { code, out } = await runCommandIn({ workingDirectory: folder }, ...words);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/[4-6] flows: [4-6] as expected/) });
  });

  test("refuses a mesh that is not known", async () => {
    const { code, data } = await init("flows", "--mesh", "linkrd");
    expect({ code, findings: data.error.findings.length }).toEqual({ code: 2, findings: 1 });
    expect(existsSync(join(folder, "flows"))).toBe(false);
  });

  test("writes into the folder that an absolute path names", async () => {
    const flows = join(folder, "elsewhere/flows");
    const { data } = await init(flows);
    expect(data.written).toEqual([join(flows, "first.mjs"), ".github/workflows/landfall.yml"]);
    expect(existsSync(join(flows, "first.mjs"))).toBe(true);
  });

  test("overwrites no file, and writes none if one exists", async () => {
    mkdirSync(join(folder, "landfall"));
    writeFileSync(join(folder, "landfall/first.mjs"), "mine");
    const { code, data } = await init();
    expect({ code, findings: data.error.findings.length }).toEqual({ code: 2, findings: 1 });
    expect(readFileSync(join(folder, "landfall/first.mjs"), "utf8")).toBe("mine");
    expect(existsSync(join(folder, ".github"))).toBe(false);
  });

  test("for a second folder keeps the existing workflow, and says so", async () => {
    await init();
    writeFileSync(join(folder, ".github/workflows/landfall.yml"), "mine");
    const left = [".github/workflows/landfall.yml"];
    expect(await init("flows")).toEqual({
      code: 0,
      data: { formatVersion: "1.0", written: ["flows/first.mjs"], left },
    });
    expect(readFileSync(join(folder, ".github/workflows/landfall.yml"), "utf8")).toBe("mine");
    const { code, out } = await runCommandIn({ workingDirectory: folder }, "init", "more");
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^wrote more\/first\.mjs\nleft \S+landfall\.yml unchanged; .* landfall verify more\nnext: /,
      ),
    });
  });

  test("says how to install landfall if it is missing, and otherwise what to run next", async () => {
    const next = async (name: string) => (await runCommandIn({ workingDirectory: folder }, "init", name)).out;
    expect(await next("one")).toMatch(/\nnext: npm pack in a checkout .* and npx landfall verify one\n$/);
    standInForPackage();
    expect(await next("two")).toMatch(/\nnext: npx landfall verify two\n$/);
  });

  test("warns only if git ignores the package that npm ci needs", async () => {
    const say = async (name: string) => (await runCommandIn({ workingDirectory: folder }, "init", name)).out;
    expect(await say("one")).not.toMatch(/^note: /m);
    execFileSync("git", ["init", "-q"], { cwd: folder });
    expect(await say("two")).not.toMatch(/^note: /m);
    writeFileSync(join(folder, ".gitignore"), "node_modules\n*.tgz\n");
    expect(await say("three")).toMatch(
      /^note: git ignores landfall-VERSION\.tgz here \(\.gitignore:2:\*\.tgz\), and npm ci fails in a clone without that file\. Add it/m,
    );
    writeFileSync(join(folder, ".gitignore"), "*.tgz\n!landfall-*.tgz\n");
    expect(await say("four")).not.toMatch(/^note: /m);
  });

  test.each([
    ["where no folder can be made", "/proc/nowhere", "/proc/nowhere/first.mjs"],
    ["below a file", "/etc/passwd/flows", "/etc/passwd/flows/first.mjs"],
  ])("refuses a folder %s, naming the file", async (_, place, where) => {
    const { code, data } = await init(place);
    expect({ code, error: data.error.code, places: data.error.findings.map(whereOf) }).toEqual({
      code: 2,
      error: "bad-usage",
      places: [where],
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("removes what it has written if a later file cannot be written", async () => {
    symlinkSync("/proc/nowhere", join(folder, ".github"));
    const { code, data } = await init("flows/mine");
    expect({ code, places: data.error.findings.map(whereOf) }).toEqual({
      code: 2,
      places: [".github/workflows/landfall.yml"],
    });
    expect(readdirSync(folder)).toEqual([".github"]);
  });
});

function whereOf({ where }: { readonly where: string }): string {
  return where;
}

/** Lets the written file find a package of the name, whose door is the source's. */
function standInForPackage(): void {
  mkdirSync(join(folder, "node_modules/landfall"), { recursive: true });
  const manifest = { name: "landfall", type: "module", exports: "./door.js" };
  writeFileSync(join(folder, "node_modules/landfall/package.json"), JSON.stringify(manifest));
  symlinkSync(
    join(import.meta.dirname, "../../../harness/model/scenario.ts"),
    join(folder, "node_modules/landfall/door.js"),
  );
}
