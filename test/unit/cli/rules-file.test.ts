import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findReadFault } from "../../../harness/cli/input-file.ts";
import { readRulesFiles } from "../../../harness/cli/rules-file.ts";
import type { Finding } from "../../../harness/model/finding.ts";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-rules-file-"));
afterAll(() => rmSync(folder, { recursive: true }));
const RULES = "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n";
const MAIN = resolve(import.meta.dirname, "../../../harness/cli/main.ts");

/** Reads a file below the folder, and gives how many tables it has, or what is wrong. */
function read(name: string) {
  const findings: Finding[] = [];
  const { ip } = readRulesFiles(
    [{ path: name, family: 4 }],
    null,
    { workingDirectory: folder, err: () => {} },
    findings,
  );
  return ip ? ip.tables.length : findings.map(({ where, message }) => `${where}: ${message}`);
}

describe("a file of rules", () => {
  test("is read from the working directory, a byte order mark passed over", () => {
    writeFileSync(join(folder, "plain.rules"), RULES);
    writeFileSync(join(folder, "marked.rules"), `\uFEFF${RULES}`);
    expect([read("plain.rules"), read("marked.rules")]).toEqual([1, 1]);
  });
  test("is refused for its true cause", () => {
    expect([read("none"), read("."), read("plain.rules/x")]).toEqual([
      ["none: There is no such file."],
      [".: This is a directory; name a file in it."],
      ["plain.rules/x: There is no such file: a part of the path is no directory."],
    ]);
  });
  test("may be a pipe, which is not read before its time", () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(findReadFault(pipe)).toBeNull();
    expect(findReadFault(folder)).toBe("This is a directory; name a file in it.");
  });
  test("may be a pipe of the shell's for verify", () => {
    const script = `"$1" "$2" verify --sandbox simulated --rules <(printf '%s' "$3")`;
    const run = spawnSync("bash", ["-c", script, "bash", process.execPath, MAIN, RULES], { encoding: "utf8" });
    expect(run.stdout).toMatch(/ flows: /);
  });

  describe("without a rule is told once on stderr, not as rules that do nothing", () => {
    const WARNING = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n";
    const OTHERS = "warns of tables of iptables-legacy, which are not in it; iptables-legacy-save prints them";
    const rows: readonly (readonly [command: string, ...words: readonly string[]])[] = [
      ["map", "--rules", "FILE"],
      ["explain", "client -> pod:22", "--rules", "FILE"],
      ["prove", "--rules", "FILE"],
      ["diff", "--family", "4", "full", "FILE"],
      ["mutate", "--sandbox", "simulated", "--rules", "FILE"],
      ["verify", "--sandbox", "simulated", "--rules", "FILE"],
    ];
    async function notices(words: readonly string[], text: string) {
      writeFileSync(join(folder, "full"), RULES);
      writeFileSync(join(folder, "FILE"), text);
      const { err } = await runCommandIn({ workingDirectory: folder }, ...words);
      return err.split("\n").flatMap((line) => /^landfall: .*FILE (.*)/.exec(line)?.[1] ?? []);
    }
    test.each(rows)("by %s", async (...words) => {
      expect(await notices(words, "")).toEqual(["has no rule."]);
      expect(await notices(words, `*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n${WARNING}`)).toEqual([
        `has no rule, and ${OTHERS}.`,
      ]);
      expect(await notices(words, RULES + WARNING)).toEqual([`${OTHERS}.`]);
      expect(await notices(words, RULES)).toEqual([]);
    });
  });
});
