import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "../cli/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-told-apart-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, ...rules: readonly string[]): string {
  const path = join(folder, name);
  const lines = ["*nat", ":OUTPUT ACCEPT [0:0]", ...rules.map((rule) => `-A OUTPUT -p tcp ${rule}`), "COMMIT", ""];
  writeFileSync(path, lines.join("\n"));
  return path;
}

/** Diffs two rule sets, of which the second asks the same once more behind a RETURN: only an answer of its own reaches it. */
async function diffTwice(match: string): Promise<number> {
  const once = write("once", `${match} -j RETURN`, "-j REDIRECT --to-ports 15001");
  const twice = write(
    "twice",
    `${match} -j RETURN`,
    `${match} -j REDIRECT --to-ports 15005`,
    "-j REDIRECT --to-ports 15001",
  );
  return (await runCommand("diff", "--family", "4", "-b", "*", once, twice)).code;
}

describe("two rules with the same match", () => {
  test.each([
    "-m statistic --mode random --probability 0.5",
    "-m statistic --mode nth --every 2 --packet 0",
    "-m limit --limit 1/sec",
    "-m hashlimit --hashlimit-upto 1/sec --hashlimit-name x",
    "-m recent --update --seconds 5 --name x",
    "-m quota --quota 1000",
  ])("are two questions: %s", async (match) => {
    expect(await diffTwice(match)).toBe(1);
  });
  test.each(["-m u32 --u32 0x0=0x0", "-m ttl --ttl-eq 64", "-m length --length 40"])(
    "are one where the kernel only looks: %s",
    async (match) => {
      expect(await diffTwice(match)).toBe(0);
    },
  );
  test("are the same two in a rule set that is not changed", async () => {
    const match = "-m statistic --mode random --probability 0.5";
    const rules = [`${match} -j RETURN`, `${match} -j REDIRECT --to-ports 15005`];
    const [before, after] = [write("before", ...rules), write("after", ...rules)];
    expect((await runCommand("diff", "--family", "4", "-b", "*", before, after)).code).toBe(0);
  });
});
