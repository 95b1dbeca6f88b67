import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../../harness/model/finding.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-module-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const LOAD = `import { loadUserModules } from "${join(import.meta.dirname, "../../../harness/load/user-modules.ts")}";
console.log(JSON.stringify((await loadUserModules([process.argv[1]])).results[0]));`;

/** Writes a module, loads it as Node does (vitest has a loader of its own), and gives line, column and message of its finding. */
function load(name: string, text: string) {
  const file = join(folder, name);
  writeFileSync(file, text);
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", LOAD, file], {
    encoding: "utf8",
  });
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  return { stderr, findings: findings.map(({ line, column, message }) => [line, column, message]) };
}

const CUT = 'export default {\n  name: "a" "b",\n};\n';

describe("a module that cannot be loaded gives a finding with its place:", () => {
  test.each([
    ["a fault of syntax in TypeScript", "cut.ts", CUT, [2, 13, expect.stringMatching(/Expected ','/)]],
    ["a fault of syntax in JavaScript", "cut.mjs", CUT, [2, 13, expect.stringMatching(/Unexpected string/)]],
    ["what is cut off", "end.mjs", "export default {\n  name:\n", [2, 8, expect.stringMatching(/Unexpected end/)]],
    ["an error that it throws", "thrown.mjs", "const a = null;\n\na.b;\n", [3, 3, expect.stringMatching(/of null/)]],
    [
      "an export that is not there",
      "export.mjs",
      'import { join } from "node:fs";\n',
      [1, 10, expect.stringMatching(/'join'/)],
    ],
  ])("%s", (_, name, text, expected) => {
    expect(load(name, text)).toEqual({ stderr: "", findings: [expected] });
  });

  test("a fault in a file that it imports, by that file's name", () => {
    const file = join(folder, "imported.mts");
    writeFileSync(file, CUT);
    const message = expect.stringContaining(`cannot be loaded: ${file}:2:13: Expected ','`);
    const findings = [[null, null, message]];
    expect(load("importing.mts", 'import "./imported.mts";\n')).toEqual({ stderr: "", findings });
  });
});
