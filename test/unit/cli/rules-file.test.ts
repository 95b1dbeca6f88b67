import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Display } from "../../../harness/cli/command.ts";
import { findReadFault } from "../../../harness/cli/input/input-file.ts";
import { readRulesFiles } from "../../../harness/cli/input/rules-file.ts";
import type { Finding } from "../../../harness/model/finding.ts";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-rules-file-"));
afterAll(() => rmSync(folder, { recursive: true }));
const RULES = "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n";
const MAIN = resolve(import.meta.dirname, "../../../harness/cli/main.ts");
const READING = { table: null, timedSets: "unknown" } as const;
const DISPLAY: Display = { columns: null, isTerminal: false, color: false, progress: "appended" };

/** Reads a file below the folder, and gives how many tables it has, or what is wrong. */
function read(name: string) {
  const findings: Finding[] = [];
  const { ip } = readRulesFiles(
    [{ path: name, family: 4 }],
    READING,
    { workingDirectory: folder, err: () => {}, display: DISPLAY },
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
  test("may be in UTF-16, as Windows writes it", () => {
    writeFileSync(join(folder, "little"), Buffer.from(`\uFEFF${RULES}`, "utf16le"));
    writeFileSync(join(folder, "big"), Buffer.from(`\uFEFF${RULES}`, "utf16le").swap16());
    expect([read("little"), read("big")]).toEqual([1, 1]);
  });
  test("adds to another one, and may not repeat its tables", () => {
    writeFileSync(join(folder, "nat"), RULES);
    writeFileSync(join(folder, "filter"), "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
    const findings: Finding[] = [];
    const io = { workingDirectory: folder, err: () => {}, display: DISPLAY };
    const of = (...names: readonly string[]) =>
      readRulesFiles(
        names.map((path) => ({ path, family: 4 }) as const),
        READING,
        io,
        findings,
      ).ip?.tables.map(({ name }) => name);
    expect(of("nat", "filter")).toEqual(["nat", "filter"]);
    expect(findings).toEqual([]);
    of("nat", "nat");
    expect(findings.map(({ where }) => where)).toEqual(["nat"]);
  });
  test.each([
    ["flush ruleset\ntable ip t {\n}\n", '"flush ruleset" takes away what earlier files have put in'],
    ["delete table ip nat\ntable ip t {\n}\n", /There is no table ip nat|"delete table ip nat" takes away/],
    [
      "table ip nat {\n chain OUTPUT {\n type nat hook output priority -100\n }\n}\n",
      "The table ip nat of nftables is the table nat",
    ],
    ['{ "nftables": [{ "flush": { "ruleset": null } }, { "table": { "family": "ip", "name": "t" } }] }', "takes away"],
  ])("may not undo or share the tables of an earlier one: %j", (text, message) => {
    writeFileSync(join(folder, "nat"), RULES);
    writeFileSync(join(folder, "later"), text);
    const findings: Finding[] = [];
    const io = { workingDirectory: folder, err: () => {}, display: DISPLAY };
    const of = (...names: readonly string[]) =>
      void readRulesFiles(
        names.map((path) => ({ path, family: 4 }) as const),
        READING,
        io,
        findings,
      );
    writeFileSync(join(folder, "filter"), "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n");
    of("nat", "later", "filter");
    expect(findings).toHaveLength(1);
    expect(findings.map((found) => found.message)).toContainEqual(
      typeof message === "string" ? expect.stringContaining(message) : expect.stringMatching(message),
    );
  });
  test("is refused with the true reason", () => {
    expect([read("none"), read("."), read("plain.rules/x")]).toEqual([
      ["none: There is no such file."],
      [".: This is a directory; name a file in it."],
      ["plain.rules/x: There is no such file: a part of the path is not a directory."],
    ]);
  });
  test("may be a pipe, which is read only when it is needed", () => {
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

  describe("from standard input", () => {
    // Node gives a child a socket; a shell's pipe is what people have.
    const run = (input: string, ...words: readonly string[]) =>
      spawnSync("bash", ["-c", 'printf %s "$0" | "$@"', input, process.execPath, MAIN, ...words], { encoding: "utf8" });
    test("is read if - stands for it, once", () => {
      const { status, stdout } = run(RULES, "explain", "app -> upstream:80", "--rules", "-");
      expect([status, stdout]).toEqual([0, expect.stringMatching(/lands: envoy-outbound:15001/)]);
      expect(run(RULES, "diff", "-", "-").stderr).toMatch(/-: Standard input can be read only once/);
    });
    test("is left alone if no option asks for it", () => {
      const script = 'printf "abc\\ndef\\n" | { "$@" >/dev/null 2>&1; cat; }';
      const words = [process.execPath, MAIN, "explain", "client -> pod:22"];
      expect(spawnSync("bash", ["-c", script, "bash", ...words], { encoding: "utf8" }).stdout).toBe("abc\ndef\n");
    });
    test("is mentioned if input waits there and no option reads it", () => {
      const notice = /there is unread text on standard input; --rules - makes explain read rules from it/;
      expect(run(RULES, "explain", "client -> pod:22").stderr).toMatch(notice);
      expect(run("", "explain", "client -> pod:22", "-b", "*").stderr).toBe("");
      expect(run(RULES, "explain", "client -> pod:22", "-b", "*", "--rules", "-").stderr).toBe("");
    });
  });

  test("with many faults shows a screen of them, and their number", () => {
    writeFileSync(join(folder, "bad"), `*nat\n${"-A OUTPUT -p tcp --dprt 5\n".repeat(5_000)}COMMIT\n`);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [MAIN, "map", "--rules", join(folder, "bad"), "--json"],
      { encoding: "utf8" },
    );
    expect(status).toBe(2);
    expect(stderr.split("\n")).toHaveLength(24);
    expect(stderr).toMatch(/^landfall: .*\(5000 findings\)\.\n/m);
    expect(stderr).toMatch(/4980 more findings are not shown\.\n$/);
    expect(JSON.parse(stdout).error.findings).toHaveLength(1_001);
  });

  describe("without a rule is mentioned once on stderr, not as rules without effect", () => {
    const rows: readonly (readonly [command: string, ...words: readonly string[]])[] = [
      ["map", "--rules", "FILE"],
      ["explain", "client -> pod:22", "--rules", "FILE"],
      ["prove", "--rules", "FILE"],
      ["diff", "--family", "4", "full", "FILE"],
      ["mutate", "--sandbox", "simulated", "--rules", "FILE"],
      ["verify", "--sandbox", "simulated", "--rules", "FILE"],
    ];
    test.each(rows)("and a listing that does not show every rule makes %s end with 3", async (...words) => {
      const warning = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n";
      writeFileSync(join(folder, "full"), RULES);
      writeFileSync(join(folder, "FILE"), RULES + warning);
      const { code, out, err } = await runCommandIn({ workingDirectory: folder }, ...words);
      expect([code, out]).toEqual([3, ""]);
      expect(err).toMatch(/FILE:5:1: .*iptables-legacy-save prints them/);
    });
    async function notices(words: readonly string[], text: string) {
      writeFileSync(join(folder, "full"), RULES);
      writeFileSync(join(folder, "FILE"), text);
      const { err } = await runCommandIn({ workingDirectory: folder }, ...words);
      return err.split("\n").flatMap((line) => /^landfall: .*FILE (.*)/.exec(line)?.[1] ?? []);
    }
    test.each(rows)("by %s", async (...words) => {
      expect(await notices(words, "")).toEqual(["has no rules."]);
      expect(await notices(words, "*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n")).toEqual(["has no rules."]);
      expect(await notices(words, RULES)).toEqual([]);
    });
  });
});
