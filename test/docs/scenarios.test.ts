import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { LANDING_KINDS } from "../../harness/model/landing.ts";
import { parseLandingText } from "../../harness/model/landing-text.ts";
import { actorNames } from "../../harness/model/pod-names.ts";
import { readScenarioShape } from "../../harness/run/scenario/scenario-shape.ts";
import { SHAPE } from "../istio-pod.ts";
import { runCommand } from "../unit/cli/run-command.ts";
import { readCodeBlocks } from "./markdown.ts";

const root = resolve(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docs/scenarios.md"), "utf8");
/** In the checkout, where the blocks import landfall by its name although nothing is built. */
mkdirSync(join(root, ".landfall"), { recursive: true });
const folder = mkdtempSync(join(root, ".landfall/docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Gives a code block of the document by the word behind its language. */
function blockOf(kind: string): string {
  const block = new RegExp(`\`\`\`ts ${kind}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/scenarios.md has no block ${kind}`);
  return block;
}

/** Gives the first cells of the table under a heading, each code word of them. */
function firstCells(heading: string): readonly string[] {
  const table = /(?:^\|.*\n)+/m.exec(text.split(heading)[1] ?? "")?.[0] ?? "";
  const rows = table.split("\n").filter((line) => /^\| `/.test(line));
  return rows.flatMap((row) => [...(row.split("|")[1]?.matchAll(/`([^`]+)`/g) ?? [])].map((found) => found[1] ?? ""));
}

describe("docs/scenarios.md", () => {
  test("shows a scenario that verifies", () => {
    writeFileSync(join(folder, "sidecar.ts"), blockOf("scenario"));
    const run = spawnSync(
      "npm",
      ["run", "-s", "landfall", "--", "verify", join(folder, "sidecar.ts"), "--sandbox", "netns"],
      { cwd: root, encoding: "utf8" },
    );
    // On a busy machine flows may get no answer at first, which is said.
    const err = run.stderr.replaceAll(/^landfall: .* got no answer; driving .*\n/gm, "");
    expect({ status: run.status, out: run.stdout, err }).toMatchObject({
      status: 0,
      out: expect.stringContaining("8 flows: 8 as expected"),
      err: "",
    });
  });

  test("shows tests that pass", () => {
    mkdirSync(join(folder, "test"));
    writeFileSync(join(folder, "test/doc.test.ts"), blockOf("test"));
    // The checkout's own configuration gives a test that it does not know no kernel.
    const conditions = ["landfall-source", "module", "node"];
    const config = { ssr: { resolve: { conditions } }, test: { fsModuleCache: false } };
    writeFileSync(join(folder, "vitest.config.mjs"), `export default ${JSON.stringify(config)};\n`);
    const run = spawnSync(
      process.execPath,
      [join(root, "node_modules/vitest/vitest.mjs"), "run", ...["--root", folder]],
      {
        encoding: "utf8",
        env: { ...process.env, LANDFALL_SANDBOX: "netns", NO_COLOR: "1" },
      },
    );
    expect({ status: run.status, said: run.stdout + run.stderr }).toMatchObject({
      status: 0,
      said: expect.stringMatching(/Tests +2 passed \(2\)/),
    });
  });

  test("shows how to drive some flows only", async () => {
    const lines = readCodeBlocks("docs/scenarios.md").find(({ info }) => info[1] === "flows")?.text ?? "";
    for (const line of lines.trim().split("\n")) {
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
      const { code, out } = await runCommand(...words.slice(1), "--sandbox", "netns");
      expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/only \d+ of \d+ flows were asked for/) });
    }
  });

  test("names every field there is", () => {
    const fields = readScenarioShape({ unknown: 1 }, "x");
    const known = fields.ok ? "" : (fields.findings.find(({ where }) => where === "x: unknown")?.message ?? "");
    expect(firstCells("## Fields")).toEqual(/the fields are (.*)\./.exec(known)?.[1]?.split(", "));
  });

  test("names every actor there is", () => {
    const named = firstCells("## Flows").filter((actor) => actor !== "uid=N,gid=M");
    expect(named.toSorted()).toEqual([...actorNames(SHAPE)].sort());
  });

  test("names every landing there is", () => {
    const named = firstCells("## Landings");
    const listeners = named.filter((word) => parseLandingText(`${word}:1`, SHAPE, "").ok);
    expect(listeners).toEqual(["envoy-outbound", "envoy-inbound", "status", "app", "client", "upstream"]);
    const words = text.split("| one word |")[1] ?? "";
    const kinds = LANDING_KINDS.filter((kind) => kind !== "listener" && kind !== "could-not-look");
    expect(kinds.filter((kind) => !words.includes(`| \`${kind}\` |`))).toEqual([]);
  });
});
