import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readNft } from "../../../../harness/formats/nft/read-nft.ts";
import { renderNftText } from "../../../../harness/formats/nft/write-nft.ts";

const TEXT = `table ip t {
	chain output {
		type nat hook output priority -100; policy accept;
		tcp dport 80 jump {
			meta skuid 1337 return
			meta l4proto tcp redirect to :15001
		}
		tcp dport 81 goto { meta l4proto tcp redirect to :15001; counter; }
	}
}
`;

/** The rules of each chain by name, or the findings. */
function read(text: string): Readonly<Record<string, readonly string[]>> | readonly string[] {
  const parsed = readNft(text, { where: "rules.nft" });
  if (!parsed.ok) return parsed.findings.map(({ line, column, message }) => `${line ?? ""}:${column ?? ""} ${message}`);
  const chains = parsed.value.tables.flatMap((table) => table.chains);
  return Object.fromEntries(chains.map(({ name, rules }) => [name, rules.map(({ text: rule }) => rule ?? "")]));
}

const INNER = {
  __chain0: ["meta skuid 1337 return", "meta l4proto tcp redirect to :15001"],
  __chain1: ["meta l4proto tcp redirect to :15001", "counter"],
};

test("a chain in the braces of its rule gets a name, and the rule jumps to it", () => {
  expect(read(TEXT)).toEqual({
    output: [
      "tcp dport 80 jump { meta skuid 1337 return; meta l4proto tcp redirect to :15001; }",
      "tcp dport 81 goto { meta l4proto tcp redirect to :15001; counter; }",
    ],
    ...INNER,
  });
});

test("so it does in a command", () => {
  const commands = "add table ip t\nadd chain ip t c\nadd rule ip t c tcp dport 80 jump { drop }\n";
  expect(read(commands)).toEqual({ c: ["tcp dport 80 jump { drop }"], __chain0: ["drop"] });
});

test("a rule of many empty lines is read as fast as any other", () => {
  expect(read(`table ip t { chain c { jump {\naccept${"\n".repeat(100_000)}drop\n}\n}\n}\n`)).toMatchObject({
    c: ["jump { accept; drop; }"],
  });
});

test("its name is no other chain's", () => {
  const taken = "table ip t {\n chain __chain0 { accept; }\n chain c { jump { drop; } }\n}\n";
  expect(read(taken)).toEqual({ __chain0: ["accept"], c: ["jump { drop; }"], __chain1: ["drop"] });
});

describe("as the kernel has it", () => {
  const load = (text: string, list: string) =>
    spawnSync("unshare", ["-n", "sh", "-c", `nft -f - && ${list}`], { input: text, encoding: "utf8" }).stdout;

  test("the JSON of nft has the same chains", () => {
    expect(read(load(TEXT, "nft -j list ruleset"))).toEqual({
      output: ["tcp dport 80 jump __chain0", "tcp dport 81 goto __chain1"],
      ...INNER,
      __chain1: ["meta l4proto tcp redirect to :15001", "counter packets 0 bytes 0"],
    });
  });

  test("nft's own listing reads the same, and what is written of it is loaded as chains with names", () => {
    const listed = load(TEXT, "nft list ruleset");
    const parsed = readNft(listed, { where: "rules.nft" });
    if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
    expect(Object.keys(read(listed))).toEqual(["output", "__chain0", "__chain1"]);
    expect(Object.keys(read(load(renderNftText(parsed.value.tables), "nft list ruleset"))).toSorted()).toEqual([
      "__chain0",
      "__chain1",
      "output",
    ]);
  });
});

test.each([
  ["a word that is no statement", "jump { foo bar; drop; }", '1:31 "foo" is not a statement of nftables.'],
  ["a brace that is not closed", "jump { drop; ", '3:1 The table t is not closed; a "}" is missing.'],
  [
    "a rule after a verdict",
    "jump { drop accept }",
    "1:36 A statement after a verdict is never executed; nft refuses it.",
  ],
  [
    "a chain in another one",
    "jump { ".repeat(20_000),
    "1:36 A chain in braces cannot hold another one; the kernel refuses it. Give the inner chain a name.",
  ],
])("what is wrong in it is found: %s", (_, rule, message) => {
  const findings = read(`table ip t { chain c { ${rule} }\n}\n`);
  expect(findings).toContain(message);
});
