import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { ensureNodeModules, findMismatch } from "../../../harness/setup/node-modules.mjs";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

type Packages = Readonly<Record<string, { readonly version: string; readonly optional?: boolean }>>;

const LOCKED: Packages = {
  "": { version: "0.1.0" },
  "node_modules/node": { version: "24.0.0" },
  "node_modules/fsevents": { version: "2.0.0", optional: true },
};
const INSTALLED: Packages = { "node_modules/node": { version: "24.0.0" } };
const FILES = ["node_modules/node/package.json", "node_modules/.bin/node"];

/** Lays a checkout out: what the lock file wants, what npm has noted as installed (null: it was broken off), and the files there are. */
function layOut(locked: Packages, installed: Packages | null, files: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), "landfall-node-modules-"));
  folders.push(root);
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  write("package-lock.json", JSON.stringify({ packages: locked }));
  if (installed) write("node_modules/.package-lock.json", JSON.stringify({ packages: installed }));
  for (const file of files) write(file, "{}");
  return root;
}

function check(locked: Packages, installed: Packages | null, files: readonly string[], expected: string | null): void {
  expect(findMismatch(layOut(locked, installed, files))).toBe(expected);
}

describe("node_modules", () => {
  test("matches without an optional package of another platform", () => check(LOCKED, INSTALLED, FILES, null));
  test("is incomplete if npm did not finish", () =>
    check(LOCKED, null, FILES, "node_modules is missing or incomplete"));
  test("does not match at another version", () =>
    check(
      { ...LOCKED, "node_modules/node": { version: "24.1.0" } },
      INSTALLED,
      FILES,
      "node_modules/node is not at version 24.1.0",
    ));
  test("does not match if a package was added", () =>
    check(
      { ...LOCKED, "node_modules/new": { version: "1.0.0" } },
      INSTALLED,
      FILES,
      "node_modules/new is not at version 1.0.0",
    ));
  test("does not match if a folder is missing", () =>
    check(LOCKED, INSTALLED, ["node_modules/.bin/node"], "node_modules/node is not at version 24.0.0"));
  test("does not match if the install script of Node was interrupted", () =>
    check(LOCKED, INSTALLED, ["node_modules/node/package.json"], "node_modules holds no Node"));
  test("is left unchanged if nothing may be installed", () => {
    const root = layOut(LOCKED, null, []);
    expect(() => ensureNodeModules(root, { LANDFALL_NO_INSTALL: "1" })).toThrow(
      "node_modules is missing or incomplete, and LANDFALL_NO_INSTALL=1 forbids installing it. Install it with: npm ci",
    );
  });
});
