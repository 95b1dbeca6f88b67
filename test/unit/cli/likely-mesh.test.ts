import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { MESHES } from "../../../harness/meshes/meshes.ts";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-likely-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...words: readonly string[]) {
  return runCommandIn({ workingDirectory: folder }, ...words);
}

/** What is said of another mesh; null where nothing is. */
async function hintOf(rules: string, ...words: readonly string[]): Promise<string | null> {
  writeFileSync(join(folder, "rules.txt"), rules);
  const { err } = await run("explain", "app -> upstream:80", "--rules", "rules.txt", ...words);
  const hints = err.split("\n").filter((line) => line.includes("look like those of"));
  expect(hints.length).toBeLessThan(2);
  return hints[0] ?? null;
}

const names = MESHES.map(({ name }) => name);
const [standard = ""] = names;

describe("rules that look like another mesh's", () => {
  test.each(names.filter((name) => name !== standard))("are told where they are those of %s", async (name) => {
    const rules = (await run("generate", "--mesh", name)).out;
    expect(await hintOf(rules)).toMatch(
      new RegExp(`those of ${name} \\([A-Z_, and0-9a-z]+\\), .* of --mesh ${standard}\\. .* add --mesh ${name}\\.$`),
    );
    expect(await hintOf(rules, "--mesh", name)).toBeNull();
  });

  test("are told of a named mesh too, and of native rules by their tables", async () => {
    const { out: linkerd } = await run("generate", "--mesh", "linkerd");
    expect(await hintOf(linkerd, "--mesh", "kuma")).toContain("add --mesh linkerd.");
    const { out: native } = await run("generate", "--mesh", "istio", "--native-nftables", "-u", "1337", "-i", "*");
    expect(await hintOf(native)).toContain("those of istio (istio-proxy-nat)");
  });

  test("are not told where no mesh makes such chains, or the named one makes as many of them", async () => {
    expect(await hintOf("*nat\n:MINE - [0:0]\n-A OUTPUT -j MINE\nCOMMIT\n")).toBeNull();
    const own = (await run("generate", "-u", "1337", "-i", "*", "-b", "*")).out;
    for (const words of [[], ["--mesh", "istio"], ["--mesh", standard]]) expect(await hintOf(own, ...words)).toBeNull();
  });
});
