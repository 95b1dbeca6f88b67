import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram, isKnownToApt } from "../../../harness/setup/debian.mjs";
import { PROGRAMS } from "../../../harness/setup/programs.mjs";
import { givenPath } from "../../given-programs.ts";

const UNLISTED = "landfall-unlisted";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-programs-"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", UNLISTED), "#!/bin/sh\nexit 7\n", { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a program of the machine, which has one that nobody has listed, with the PATH that tests are given. */
function start(program: string, listed: string[]) {
  const path = givenPath(listed, [], `${join(folder, "bin")}:${process.env["PATH"]}`);
  const { status, error } = spawnSync(program, { env: { PATH: path } });
  rmSync(path.split(":").at(-1) ?? "", { recursive: true });
  return { status, failure: (error as NodeJS.ErrnoException | undefined)?.code ?? null };
}

describe("the listed programs", () => {
  test("are all installed after the set-up", () => {
    const isFree = (need: string) => need === "base-image" || (need === "browser" && !isKnownToApt("chromium"));
    const missing = PROGRAMS.filter(({ name, need }) => findProgram(name) === null && !isFree(need));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test("come from the packages that the list names, as far as these are installed", () => {
    const owns = (name: string, file: string) => {
      const { status, stdout } = spawnSync("dpkg-query", ["--listfiles", ...name.split("|")], { encoding: "utf8" });
      if (status !== 0 && stdout === "") return true;
      const files = stdout.split("\n");
      return files.includes(file) || files.some((each) => basename(each) === basename(realpathSync(file)));
    };
    const strange = PROGRAMS.filter((program) => !owns(program.package, findProgram(program.name) ?? "/nowhere"));
    expect(strange.map(({ name }) => name)).toEqual([]);
  });

  test("and the base system's are all that a test can start", () => {
    expect(start("true", [])).toEqual({ status: 0, failure: null });
    expect(start(UNLISTED, [])).toEqual({ status: null, failure: "ENOENT" });
    expect(start(UNLISTED, [UNLISTED])).toEqual({ status: 7, failure: null });
  });

  test("are what this test can start: without one of them it could not", () => {
    const without = PROGRAMS.map(({ name }) => name).filter((name) => name !== "nft");
    expect(start("nft", without)).toEqual({ status: null, failure: "ENOENT" });
    expect(execFileSync("nft", ["--version"], { encoding: "utf8" })).toMatch(/^nftables v/);
  });
});
