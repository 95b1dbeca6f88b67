import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readNft } from "../../../../harness/formats/nft/read-nft.ts";

/** Policies, and whether tables sleep, as landfall reads a text; or its findings. */
function read(text: string): readonly string[] {
  const parsed = readNft(text, { where: "rules.nft" });
  if (!parsed.ok) return parsed.findings.map(({ message }) => message);
  return parsed.value.tables.flatMap(({ family, name, isDormant, chains }) => [
    `${family} ${name}${isDormant ? " dormant" : ""}`,
    ...chains.map((chain) => `${chain.name} ${chain.base?.policy.toLowerCase() ?? "-"}`),
  ]);
}

/** The same as the kernel has it, after nft has loaded the text; empty where nft refuses it. */
function load(text: string, ...words: readonly string[]): readonly string[] {
  const command = `cat | nft ${words.join(" ")} -f - && nft list ruleset`;
  const { stdout } = spawnSync("unshare", ["-n", "sh", "-c", command], { input: text, encoding: "utf8" });
  const found = [...stdout.matchAll(/table (\S+ \S+) \{\n(\tflags dormant\n)?|chain (\S+) \{(?:\n.*policy (\w+);)?/g)];
  return found.map(([, table, dormant, chain, policy]) =>
    table === undefined ? `${chain} ${policy ?? "-"}` : `${table}${dormant === undefined ? "" : " dormant"}`,
  );
}

const BASE = "type filter hook output priority 0;";

describe("what a text does to what is there already is what nft does:", () => {
  test.each([
    ["a table that is added again without its flag wakes up", "table ip t { flags dormant; }\nadd table ip t\n"],
    [
      "a table that is added again with its flag sleeps",
      "table ip t { flags dormant; }\ntable ip t { flags dormant; }\n",
    ],
    [
      "a chain keeps its policy",
      `table ip t {\n chain c { ${BASE} policy drop; }\n}\ntable ip t {\n chain c { ${BASE} }\n}\n`,
    ],
    [
      "a policy alone changes it",
      `table ip t {\n chain c { ${BASE} }\n}\ntable ip t {\n chain c { policy drop; }\n}\n`,
    ],
    [
      "a flush of all takes all away",
      `table ip t {\n chain c { ${BASE} }\n}\nflush ruleset\ntable ip6 u {\n chain d { ${BASE} }\n}\n`,
    ],
  ])("%s", (_, text) => {
    expect(load(text)).not.toEqual([]);
    expect(read(text)).toEqual(load(text));
  });

  test.each([
    [
      "another hook",
      `table ip t {\n chain c { ${BASE} }\n}\ntable ip t {\n chain c { type filter hook input priority 0; }\n}\n`,
    ],
    ["a hook for a chain without one", `table ip t {\n chain c { }\n}\ntable ip t {\n chain c { ${BASE} }\n}\n`],
  ])("%s is refused", (_, text) => {
    expect(load(text)).toEqual([]);
    expect(read(text)).toEqual([expect.stringMatching(/the kernel refuses this/)]);
  });

  test("in JSON a flush of one family leaves the others", () => {
    const table = (family: string) => ({ add: { table: { family, name: "t" } } });
    const text = JSON.stringify({ nftables: [table("ip"), table("ip6"), { flush: { ruleset: { family: "ip6" } } }] });
    expect(load(text, "-j")).toEqual(["ip t"]);
    expect(read(text)).toEqual(["ip t"]);
  });
});

describe("a field of another family is refused wherever it stands in a rule:", () => {
  test.each([
    ["in front", "ip6 daddr ::1 drop"],
    ["behind a counter", "counter ip6 daddr ::1 drop"],
    ["behind a comparison of the table's own", "ip saddr 10.0.0.1 counter ip6 daddr ::1 drop"],
    ["in a map", "ip6 daddr vmap { ::1 : drop }"],
  ])("%s", (_, rule) => {
    const text = `table ip t {\n chain c { ${BASE} }\n}\nadd rule ip t c ${rule}\n`;
    expect(load(text.replace(/add rule.*/, ""))).not.toEqual([]);
    expect(load(text)).toEqual([]);
    expect(read(text)).toEqual([expect.stringMatching(/cannot compare fields of (?:both ip and )?ip6/)]);
  });
});

test("a number of a text with a leading zero, which nft takes for an octal one, is refused", () => {
  expect(read(`table ip t {\n chain c { ${BASE} tcp dport 0123 drop; }\n}\n`)).toEqual([
    'nft reads "0123" as an octal number; write it in decimal, without the leading zero.',
  ]);
});

test.each(["0120", "00"])("a number of JSON with a leading zero, %s, is not read", (port) => {
  const match = { match: { op: "==", left: { payload: { protocol: "tcp", field: "dport" } }, right: port } };
  const rule = { rule: { family: "ip", table: "t", chain: "c", expr: [match, { drop: null }] } };
  const chain = { chain: { family: "ip", table: "t", name: "c" } };
  const parsed = readNft(JSON.stringify({ nftables: [{ table: { family: "ip", name: "t" } }, chain, rule] }), {
    where: "rules.json",
  });
  expect(parsed.ok).toBe(false);
});

test.each(["tcp dport 80 set add ip saddr @s", "tcp dport 80 delete @s { ip saddr }"])(
  "what %s leaves in a set is not known",
  (statement) => {
    const set = "set s { type ipv4_addr; elements = { 10.0.0.1 } }";
    const text = `table ip t { ${set}\n chain c { ${BASE} ip saddr @s drop\n${statement}\n}\n}\n`;
    const parsed = readNft(text, { where: "rules.nft" });
    if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join());
    const rules = parsed.value.tables.flatMap(({ chains }) => chains.flatMap((chain) => chain.rules));
    expect(rules[0]?.matches).toEqual([{ kind: "unknown", text: "ip saddr @s" }]);
  },
);

describe("a name of a priority is known where nft knows it:", () => {
  const HOOKS = ["prerouting", "input", "forward", "output", "postrouting"];
  test.each(["raw", "mangle", "dstnat", "filter", "security", "srcnat", "out", "dstnat - 5", "srcnat+1"])(
    "%s",
    (priority) => {
      const texts = HOOKS.flatMap((hook) =>
        ["ip", "inet", "bridge"].map(
          (family) => `table ${family} t {\n chain c { type filter hook ${hook} priority ${priority}; }\n}\n`,
        ),
      );
      const known = (text: string) => readNft(text, { where: "rules.nft" }).ok;
      expect(texts.filter(known)).toEqual(texts.filter((text) => load(text).length > 0));
    },
  );

  test("elsewhere it is refused with those that there are", () => {
    expect(read("table ip t {\n chain c { type filter hook output priority dstnat; }\n}\n")).toEqual([
      '"dstnat" is not a priority at output; use a number or raw, mangle, filter, security, with + or - a number.',
    ]);
  });
});
