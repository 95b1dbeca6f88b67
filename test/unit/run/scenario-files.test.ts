import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LandfallError } from "../../../harness/errors.ts";
import {
  listScenarioFiles,
  loadScenarioFiles,
  selectScenarioFiles,
} from "../../../harness/run/scenario/scenario-files.ts";

let folder: string;
const good = (name: string) =>
  `export default { name: "${name}", claim: "c", capture: [], answer: { "client -> pod:80": "app" } };\n`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-scenarios-"));
  mkdirSync(join(folder, "more"));
  mkdirSync(join(folder, "landfall"));
  writeFileSync(join(folder, "landfall", "mine.mjs"), good("mine"));
  writeFileSync(join(folder, "landfall", "beta.ts"), good("beta"));
  writeFileSync(join(folder, "beta.mjs"), good("beta"));
  writeFileSync(join(folder, "alpha.ts"), good("alpha"));
  writeFileSync(join(folder, "alpha.d.ts"), "");
  writeFileSync(join(folder, "notes.md"), "");
  writeFileSync(join(folder, ".hidden.js"), "");
  writeFileSync(join(folder, "more", "gamma.js"), good("other"));
  writeFileSync(join(folder, "more", "delta.js"), "export default {");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Gives the names of the files that words select, or what is wrong with each word. */
function select(...words: readonly string[]): readonly string[] {
  try {
    return selectScenarioFiles(words, folder, folder).map((file) => basename(file));
  } catch (error) {
    if (error instanceof LandfallError) return error.findings.map(({ where, message }) => `${where}: ${message}`);
    throw error;
  }
}

describe("scenario files", () => {
  test("are listed by name, and nothing else is", () => {
    expect(listScenarioFiles(folder).map((file) => basename(file))).toEqual(["alpha.ts", "beta.mjs"]);
  });

  const rows: readonly (readonly [string, readonly string[], readonly (string | RegExp)[]])[] = [
    ["by no word: all", [], ["alpha.ts", "beta.mjs"]],
    ["by name", ["alpha"], ["alpha.ts"]],
    ["by name in the user's own folder", ["mine"], ["mine.mjs"]],
    ["not by a name that both folders know", ["beta"], [/^beta: Both .*landfall\/beta\.ts/]],
    ["by path", ["./more/gamma.js"], ["gamma.js"]],
    ["by folder", ["more"], ["delta.js", "gamma.js"]],
    ["once, however often they are named", ["alpha", "alpha.ts", "alpha"], ["alpha.ts"]],
    [
      "not by an unknown word, each of which is told",
      ["alph", "mnie", "zz"],
      [/^alph: .*Did you mean alpha\?/, /^mnie: .*Did you mean mine\?/, /^zz: .*--list/],
    ],
  ];
  test.each(rows)("are selected %s", (_, words, expected) => {
    expect(select(...words)).toEqual(
      expected.map((each) => (typeof each === "string" ? each : expect.stringMatching(each))),
    );
  });

  test("are loaded in order", async () => {
    const loaded = await loadScenarioFiles(listScenarioFiles(folder));
    expect(loaded.ok && loaded.value.map(({ scenario }) => scenario.name)).toEqual(["alpha", "beta"]);
  });

  test("that cannot be used are all reported at once, each with its file", async () => {
    const loaded = await loadScenarioFiles(listScenarioFiles(join(folder, "more")));
    expect(loaded.ok ? [] : loaded.findings.map(({ where, message }) => [basename(where), message])).toEqual([
      ["delta.js", expect.stringMatching(/cannot be loaded/)],
      ["gamma.js: name", expect.stringMatching(/"other" differs from the file's/)],
    ]);
  });

  test("have every fault reported at once: shape, name, options, flows and landings", async () => {
    const file = join(folder, "faulty.mjs");
    const faulty = { name: "other", claim: 1, capture: ["-p", "x"], answer: { "client -> pod:0": "ap" } };
    writeFileSync(file, `export default ${JSON.stringify(faulty)};\n`);
    const loaded = await loadScenarioFiles([file]);
    const fields = loaded.ok ? [] : loaded.findings.map(({ where }) => where.split(" ")[1]);
    expect(fields).toEqual(["claim", "name", "capture", "answer", "answer"]);
  });

  test("have every other flow checked although one landing is not text", async () => {
    const file = join(folder, "five.mjs");
    const answer = { "client -> pod:80": 5, "client -> pod:81": "ap", "client -> pod:0": "app" };
    writeFileSync(file, `export default ${JSON.stringify({ name: "five", claim: "c", capture: [], answer })};\n`);
    const loaded = await loadScenarioFiles([file]);
    const places = loaded.ok ? [] : loaded.findings.map(({ where }) => where.split(": ")[1]);
    expect(places).toEqual(['answer "client -> pod:80"', 'answer "client -> pod:81"', "answer"]);
  });

  const twoFaults: readonly (readonly [string, object])[] = [
    ["pod", { pod: "ipv5" }],
    ["environment", { environment: { A: 1 } }],
    ["listen", { listen: ["80"] }],
    ["bogus", { bogus: 1 }],
    ["capture", { capture: ["-p", "x", "-z", 15006] }],
    ["claim", { claim: "" }],
  ];
  test.each(twoFaults)("have faults of their options reported together with one of %s", async (field, fields) => {
    const whole = { name: "two", claim: "c", capture: ["-p", "x"], answer: { "client -> pod:80": "app" }, ...fields };
    const file = join(folder, "two.mjs");
    writeFileSync(file, `export default ${JSON.stringify(whole)};\n`);
    const loaded = await loadScenarioFiles([file]);
    const places = loaded.ok ? [] : loaded.findings.map(({ where }) => where.split(": ")[1]);
    expect(places).toEqual([field, "capture -p"]);
  });

  test("that never finish loading are reported after the deadline", async () => {
    const file = join(folder, "endless.mjs");
    writeFileSync(file, "await new Promise(() => {});\n");
    const loaded = await loadScenarioFiles([file], { deadlineMs: 500 });
    const message = expect.stringMatching(/cannot be loaded: it did not finish loading within 0\.5 s: some top-level /);
    expect(loaded.ok ? [] : loaded.findings).toEqual([expect.objectContaining({ where: file, message })]);
  });

  test("that import landfall without an installation get a finding that says how to install it", async () => {
    // What vitest has loaded of landfall before, in this run or in an earlier one, must not make the package's name known.
    await import("../../../harness/index.ts");
    const file = join(folder, "stranger.mts");
    writeFileSync(file, 'import { defineScenario } from "landfall";\nexport default defineScenario({});\n');
    const loaded = await loadScenarioFiles([file]);
    expect(loaded.ok ? [] : loaded.findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /Cannot find package 'landfall' .* npm pack in a checkout .* npm install --save-dev \S+\.tgz\.$/,
      ),
    ]);
  });
});
