import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openAlikeLines } from "../../../harness/formats/alike-lines.ts";
import { CHAIN_AT, cutLine } from "../../../harness/formats/cut-line.ts";
import { renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { makePattern, readLike } from "../../../harness/formats/line-pattern.ts";
import { openTables } from "../../../harness/formats/open-tables.ts";
import { readRulesText } from "../../../harness/formats/rules-text.ts";
import { NO_LOOKUPS } from "../../../harness/model/name-lookups.ts";
import { arbitraryRuleset } from "../../property/arbitrary-ruleset.ts";

const OPTIONS = { where: "rules.txt", family: 4 } as const;

/** A blank before a rule is passed over, and such a line is read word by word. */
function readByWords(text: string): Reading {
  const read = readRulesText(text.replaceAll(/^(?=-A|\[)/gm, " "), OPTIONS);
  if (read.ok) return read;
  const findings = read.findings.map((finding) => ({
    ...finding,
    column: isRule(text, finding.line) && finding.column != null ? finding.column - 1 : finding.column,
  }));
  return { ...read, findings };
}

function isRule(text: string, line: number | null | undefined): boolean {
  return /^(?:-A|\[)/.test(text.split("\n")[(line ?? 0) - 1] ?? "");
}

type Reading = ReturnType<typeof readRulesText>;

/** Gives a reading with its loadable texts told: functions are equal to themselves alone. */
function tellTexts(read: Reading) {
  if (!read.ok || read.value.given === null) return read;
  const { given } = read.value;
  return { ...read, value: { ...read.value, given: { ...given, texts: given.texts() } } };
}

const check = (text: string) => expect(tellTexts(readRulesText(text, OPTIONS))).toEqual(tellTexts(readByWords(text)));

/** Words that stand where values stand, written in every way that means something of its own, or nothing. */
const VALUES = [
  "10.96.0.1",
  "10.96.0.1/32",
  "10.96.7.1/16",
  "10.1/16",
  "010.0.0.1",
  "10.0.0.0/08",
  "0.0.0.0/0",
  "10.0.0.1/0",
  "10.0.0.1/33",
  "10.0.0.256",
  "10.0.0.0/255.0.0.0",
  "10.0.0.1,10.0.0.2",
  "::1",
  "80",
  "080",
  "0",
  "0x50",
  "65535",
  "65536",
  "80:90",
  "http",
  "10.0.0.1:80",
  "10.0.0.1:0",
  "10.0.0.1-10.0.0.9:80",
  "MINE",
  "OTHER",
  "OUTPUT",
  "ABSENT",
  "absent",
  "RETURN",
  '"a b"',
  '"-j MINE"',
  '"a\\"b"',
  '"a"b',
  "plain",
  "-d",
  "",
];
const LINES = [
  "-A MINE -d %/32 -p tcp -m tcp --dport % -j %",
  "-A % -d % -j MINE",
  "-A MINE ! -s % -d % -p udp -m udp --sport % --dport % -j RETURN",
  "-A MINE -p tcp -m comment --comment % -m tcp --dport % -j MINE",
  "-A MINE -m comment --comment % -d % -j RETURN",
  "-A MINE -p tcp -m tcp -j DNAT --to-destination %",
  "-A MINE -p tcp -m multiport --dport % -j RETURN",
  "-A MINE -m recent --name % --rcheck -d %",
  "-A MINE -m statistic --mode random --probability 0.5 -d % -j %",
  "-A MINE -p % --dport % -j DROP",
  "-A MINE -4 -d % -j RETURN",
  "-A MINE -j % -d %",
  "[3:4] -A MINE -d % -j RETURN",
  "[3:4]  -A MINE -d % -g MINE",
  "-I MINE -d % -j RETURN",
];
const anyLine = fc
  .tuple(fc.constantFrom(...LINES), fc.infiniteStream(fc.constantFrom(...VALUES)))
  .map(([line, values]) => line.replaceAll("%", () => values.next().value));
/** Such a line, which is likely to be right, and others of its shape. */
const likeOne = fc
  .tuple(fc.constantFrom(...LINES.slice(0, 6)), fc.nat(250), fc.nat(70_000))
  .map(([line, byte, port]) => {
    const values: Readonly<Record<string, string>> = { "-d": `10.0.${byte}.1`, "-s": `10.${byte}.0.0/16` };
    return line
      .replaceAll(/(-[ds]) %/g, (_, option: string) => `${option} ${values[option]}`)
      .replaceAll(/(--[ds]port) %/g, `$1 ${port}`)
      .replace("--comment %", `--comment "ns/${byte} here"`)
      .replace("--to-destination %", `--to-destination 10.1.0.${byte}:${port}`)
      .replaceAll("%", byte % 2 === 0 ? "MINE" : "OTHER");
  });

function wrap(lines: readonly string[]): string {
  return ["*nat", ":OUTPUT ACCEPT [0:0]", ":MINE - [0:0]", ":OTHER - [0:0]", ...lines, "COMMIT", ""].join("\n");
}

describe("rules that are read as others like them", () => {
  test("are what reading their words gives, whatever their values are", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyLine, likeOne), { minLength: 1, maxLength: 12 }), (lines) => {
        check(wrap(lines));
        for (const line of lines) check(wrap([line]));
      }),
      { numRuns: 150 },
    );
  });

  test("are what their shape is for, and no line of another shape is", () => {
    const hasChain = (name: string) => name === "MINE" || name === "OTHER";
    const context = { family: 4, names: NO_LOOKUPS, hasChain } as const;
    const shapeOf = (line: string) => {
      const cut = cutLine(line, 4, hasChain);
      const pattern = cut && makePattern(cut, context, "nat");
      return pattern ? [{ cut, pattern }] : [];
    };
    const twoLines = fc.tuple(fc.oneof(anyLine, likeOne), fc.oneof(anyLine, likeOne));
    fc.assert(
      fc.property(twoLines, ([line, other]) => {
        const [[own], [shape]] = [shapeOf(line), shapeOf(other)];
        if (!own || !shape) return;
        const readBy = ({ pattern }: typeof own) => readLike(line, CHAIN_AT + own.cut.chain.length, pattern, hasChain);
        expect(readBy(shape)).toEqual(shape.cut.shape === own.cut.shape ? readBy(own) : null);
      }),
      { numRuns: 3_000 },
    );
  });

  test("are what reading their words gives, of whole rule sets", () => {
    fc.assert(
      fc.property(arbitraryRuleset({ family: 4, vocabulary: "whole" }), (ruleset) => {
        check(renderIptablesSave(ruleset));
      }),
      { numRuns: 30 },
    );
  });

  test("have the column of a target that is out of place", () => {
    const lines = [1, 2, 3].map((i) => `[1:${i}] -A OUTPUT -d 10.0.0.${i}/32 -j TPROXY --on-port 1`);
    const read = readRulesText(wrap(lines), OPTIONS);
    expect(read.ok ? [] : read.findings.map(({ line, column }) => [line, column])).toEqual([
      [5, 35],
      [6, 35],
      [7, 35],
    ]);
  });
});

test.each([
  ["-A MINE -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j OTHER", true],
  ['-A MINE -d 10.0.0.1/32 -m comment --comment "of a b" -j OTHER', true],
  ["[7:8] -A OTHER -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80", true],
  ["-A MINE -d 10.0.0.1,10.0.0.2 -j OTHER", false],
  ["-A MINE -d 10.0.0.256 -j OTHER", false],
  ["-A MINE -d 10.0.0.1 -j absent", false],
  ["-A MINE -p tcp -m multiport --dport 80 -j OTHER", false],
])("%s can be read so: %s", (line, expected) => {
  const open = openTables(4, null);
  for (const chain of ["MINE", "OTHER"])
    open.tables.set(
      "nat",
      (open.tables.get("nat") ?? new Map()).set(chain, { name: chain, base: null, inserted: [], rules: [] }),
    );
  expect(openAlikeLines(NO_LOOKUPS).read(line, 1, "nat", open)).toBe(expected);
});
