import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
let copy: string;

/** A checkout with a mesh of three flags: a folder of its own, and in the list of meshes its import and its name. */
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "landfall-mesh-"));
  for (const name of ["harness", "schemas", "scenarios", "images", "package.json", "tsconfig.json"])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  mkdirSync(join(copy, "harness/meshes/tiny"));
  cpSync(join(root, "test/golden/tiny-mesh.txt"), join(copy, "harness/meshes/tiny/mesh.ts"));
  const list = join(copy, "harness/meshes/meshes.ts");
  const text = readFileSync(list, "utf8")
    .replace("  hideSettings(consul),\n", "  hideSettings(consul),\n  hideSettings(tiny),\n")
    .replace(/^/, 'import { tiny } from "./tiny/mesh.ts";\n');
  writeFileSync(list, text);
});
afterAll(() => rmSync(copy, { recursive: true }));

function run(...args: readonly string[]) {
  const main = join(copy, "harness/cli/main.ts");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=landfall-source", "--no-warnings", main, ...args],
    { cwd: copy, encoding: "utf8", env: { ...process.env, NO_COLOR: "1", COLUMNS: "100" } },
  );
  return { status, stdout, stderr };
}

describe("a mesh in a folder of its own and a line in the list", () => {
  test("is right by its types", () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "--noEmit", "--checkers", "2"], {
      cwd: copy,
      encoding: "utf8",
    });
    expect(stdout).toBe("");
  });

  test("has rules to print", () => {
    const { status, stdout } = run("generate", "--mesh", "tiny", "--port", "9002");
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("--to-ports 9002") });
  });

  test("has one flow of every class driven by verify", () => {
    const { status, stdout } = run("verify", "--mesh", "tiny", "--skip", "22", "--sandbox", "simulated");
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/\d{2,} flows: (\d+) as expected/),
    });
  });

  test("has its clauses proven, and gets counterexamples for rules that break them", () => {
    const { status, stdout } = run("prove", "--mesh", "tiny");
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringMatching(/^outbound-captured holds/m) });
    const { stdout: rules } = run("generate", "--mesh", "tiny", "--skip", "22");
    const path = join(copy, "broken.rules");
    writeFileSync(path, rules.replace("--uid-owner 7777", "--uid-owner 7778"));
    const broken = run("prove", "--mesh", "tiny", "--skip", "22", "--rules", path);
    expect(broken).toMatchObject({ status: 1, stdout: expect.stringMatching(/^left-alone does not hold/m) });
  });

  test("is in the help, in the list of meshes and in completion", () => {
    expect(run("generate", "--mesh", "tiny", "--help").stdout).toContain("where the tiny proxy listens");
    expect(run("meshes").stdout).toContain("tiny");
    expect(run("completion", "bash").stdout).toContain("tiny");
  });

  test("refuses an option that it does not have", () => {
    expect(run("generate", "--mesh", "tiny", "--ports", "1")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--port"),
    });
  });
});
