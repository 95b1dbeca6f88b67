import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-rows-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `explain` shows of a flow to port 80 by rules for other ports, `before` and `after` one for its own that lets it go on. */
async function explain(before: number, after: number, ...words: readonly string[]) {
  const others = (count: number, from: number) =>
    Array.from({ length: count }, (_, i) => `-A OUTPUT -p tcp -m tcp --dport ${from + i} -j REDIRECT --to-ports 15001`);
  const own = "-A OUTPUT -p tcp -m tcp --dport 80 -j LOG";
  const rules = ["*nat", ":OUTPUT ACCEPT [0:0]", ...others(before, 1000), own, ...others(after, 2000), "COMMIT", ""];
  const file = join(folder, "rules.txt");
  writeFileSync(file, rules.join("\n"));
  const { code, out } = await runCommand("explain", "app -> upstream:80", "--rules", file, ...words);
  const [, way = ""] = /nat OUTPUT\n([\s\S]*?)\n\n/.exec(out) ?? [];
  return {
    code,
    shown: way
      .split("\n")
      .flatMap((line) => /^ {4}[* ] +(\d+)\.|\((.* more rules.*)\)/.exec(line)?.slice(1, 3).join("") ?? []),
  };
}

describe("explain, of rules in a row that do not match,", () => {
  test("shows twelve", async () => {
    const { shown } = await explain(12, 12);
    expect(shown).toEqual(Array.from({ length: 25 }, (_, i) => String(i + 1)));
  });

  test("counts those in the middle where there are more, on both sides of one that matches", async () => {
    expect(await explain(13, 30)).toEqual({
      code: 0,
      shown: [
        ...["1", "2", "3", "4", "5 more rules do not match, 5 to 9; --all shows them", "10", "11", "12", "13", "14"],
        ...["15", "16", "17", "18", "22 more rules do not match, 19 to 40; --all shows them", "41", "42", "43", "44"],
      ],
    });
  });

  test("shows all with --all", async () => {
    const { shown } = await explain(13, 30, "--all");
    expect(shown).toEqual(Array.from({ length: 44 }, (_, i) => String(i + 1)));
  });
});
