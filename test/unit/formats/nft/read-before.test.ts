import { expect, test } from "vitest";
import { readNft } from "../../../../harness/formats/nft/read-nft.ts";

/** Rules of which those of each shape are alike, so that all but the first of them are read by their values alone. */
function write(family: "ip" | "inet", rules: readonly string[], define = ""): string {
  return `${define}table ${family} t {\n  chain a { }\n  chain o {\n    type nat hook output priority -100;\n${rules.map((rule) => `    ${rule}\n`).join("")}  }\n}\n`;
}

function readRules(text: string) {
  const read = readNft(text, { where: "rules.nft" });
  if (!read.ok) return read.findings;
  return read.value.tables[0]?.chains.find(({ name }) => name === "o")?.rules;
}

const NUMBERS = [80, 81, 82, 83, 84, 85];
const RULES = NUMBERS.flatMap((port) => [
  `ip daddr 10.0.0.${port} tcp dport ${port} redirect to :15001`,
  `tcp dport ${port} counter packets ${port} bytes 0 jump a`,
  `meta l4proto udp comment "${port}" accept`.replace(/ comment "(\d+)" accept/, ' accept comment "$1"'),
]);

test("rules that the text before had are shared, each with its own place", () => {
  const before = readRules(write("ip", RULES));
  const after = readRules(`\n\n${write("ip", RULES.toReversed())}`);
  expect(after).toEqual(readRules(`\n\n${write("ip", RULES.toReversed())}`));
  if (!Array.isArray(before) || !Array.isArray(after)) throw new Error("not read");
  const texts = new Map(before.map((rule) => [rule.text, rule]));
  for (const [i, rule] of after.entries()) {
    expect(rule.line).toBe(7 + i);
    expect({ ...rule, line: 0 }).toEqual({ ...texts.get(rule.text), line: 0 });
  }
  const last = after.find(({ text }) => text.includes("10.0.0.85"));
  expect(last.matches[0]).toBe(texts.get(last.text)?.matches[0]);
});

test.each([
  ["of another family", write("ip", RULES), write("inet", RULES)],
  [
    "with other definitions",
    write(
      "ip",
      NUMBERS.map(() => "tcp dport $p accept"),
      "define p = 80\n",
    ),
    write(
      "ip",
      NUMBERS.map(() => "tcp dport $p accept"),
      "define p = 443\n",
    ),
  ],
  [
    "with other sets",
    "table ip t {\n set s { type inet_service; elements = { 80 } }\n chain o {\n type filter hook output priority 0;\n tcp dport @s drop\n tcp dport @s drop\n tcp dport @s drop\n }\n}\n",
    "table ip t {\n set s { type inet_service; elements = { 443 } }\n chain o {\n type filter hook output priority 0;\n tcp dport @s drop\n tcp dport @s drop\n tcp dport @s drop\n }\n}\n",
  ],
])("a text %s is read as if nothing had been read before it", (_, before, after) => {
  readRules(write("ip", []));
  const alone = readRules(after);
  readRules(before);
  expect(readRules(after)).toEqual(alone);
});

test("a table of a hundred and fifty thousand rules is read", () => {
  const rules = Array.from({ length: 150_000 }, (_, i) => `    tcp dport ${i % 60_000} accept`);
  const read = readNft(write("ip", rules), { where: "rules.nft" });
  expect(read.ok && read.value.tables[0]?.chains.at(-1)?.rules.length).toBe(150_000);
});
