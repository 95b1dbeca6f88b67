import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readNft } from "../../../../harness/formats/nft/read-nft.ts";
import { renderNftText } from "../../../../harness/formats/nft/write-nft.ts";

const OBJECTS = [
  "quota q { over 10 mbytes; }",
  "limit l { rate 10/second burst 7 packets; }",
  "limit lb { rate over 10 kbytes/second burst 9 bytes; }",
  'ct helper h { type "ftp" protocol tcp; }',
  "ct expectation e { protocol tcp; dport 9876; timeout 1m; size 12; l3proto ip; }",
  "synproxy s { mss 1460; wscale 7; timestamp sack-perm; }",
  "counter c { packets 1 bytes 2; }",
  "set d { type ipv4_addr; flags dynamic,timeout; timeout 1m; size 100; }",
  "map m { type ipv4_addr : mark; flags dynamic,timeout; timeout 1m; }",
];
const RULES = [
  "tcp dport 80 quota name q drop",
  'limit name "l" accept',
  'limit name "lb" drop',
  'ct helper set "h" drop',
  'ct expectation set "e"',
  "add @d { ip saddr timeout 10s } drop",
  "add @d { ip saddr limit rate over 10/second } drop",
  "update @d { ip saddr counter } drop",
  "update @m { ip saddr timeout 5s : meta mark } drop",
];
const TEXT = `table ip t {
${OBJECTS.map((object) => `  ${object.replace(/; /g, "\n    ").replace("{ ", "{\n    ").replace(/;? \}/, "\n  }")}`).join("\n")}
  chain o {
    type filter hook output priority 0; policy accept;
${RULES.map((rule) => `    ${rule}`).join("\n")}
  }
}
`;

/** What nft prints of a text that it has loaded into a namespace of its own. */
function load(text: string, ...words: readonly string[]): string {
  const command = `cat | nft -f - && nft ${words.join(" ")} list ruleset`;
  const { stdout, stderr } = spawnSync("unshare", ["-n", "sh", "-c", command], { input: text, encoding: "utf8" });
  expect(stderr).not.toContain("Error");
  return stdout;
}

function read(text: string) {
  const parsed = readNft(text, { where: "rules.nft" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return parsed.value;
}

describe("objects that rules name, and rules that change sets:", () => {
  test("a text is loaded again as the kernel had it", () =>
    expect(load(renderNftText(read(TEXT).tables), "-s")).toBe(load(TEXT, "-s")));

  test("so is what nft prints of it", () => {
    const printed = load(TEXT);
    expect(load(renderNftText(read(printed).tables), "-s")).toBe(load(printed, "-s"));
  });

  test("of JSON, what cannot be written is named", () => {
    const json = load(TEXT, "-j");
    expect(() => renderNftText(read(json).tables)).toThrow(
      expect.objectContaining({
        findings: ["ct helper h", "ct expectation e", "synproxy s"].map((name) =>
          expect.objectContaining({ message: expect.stringContaining(name) }),
        ),
      }),
    );
  });

  test("JSON without these is loaded again as the kernel had it", () => {
    // nft 1.0.6 prints no flags of a map in JSON.
    const isMeant = (line: string) => !/helper|expectation|synproxy|map m|@m/.test(line);
    const less = `table ip t {\n${OBJECTS.filter(isMeant).join("\n")}\nchain o {\ntype filter hook output priority 0;\n${RULES.filter(isMeant).join("\n")}\n}\n}\n`;
    const json = load(less, "-j");
    expect(load(renderNftText(read(json).tables), "-s")).toBe(load(less, "-s"));
  });

  test("what a limit, a quota or a full set decides is not known", () => {
    const rules = read(TEXT).ip?.tables.flatMap(({ chains }) => chains.flatMap((chain) => chain.rules)) ?? [];
    const uncertain = rules.filter(({ text = "" }) => /limit|quota|@/.test(text));
    expect(uncertain).toHaveLength(7);
    for (const { matches, target } of uncertain) {
      const inside = target?.kind === "statements" ? target.statements : [];
      const targets = inside.flatMap((statement) => ("target" in statement ? statement.target : []));
      expect([...matches, ...targets, target].map((part) => part?.kind)).toContain("unknown");
    }
  });
});
