import { describe, expect, test } from "vitest";
import { type NftRules, readNft, recogniseNft } from "../../../../harness/formats/nft/read-nft.ts";
import { listRules } from "../../../../harness/model/ruleset.ts";
import { NAMES, nftRules, type PairItem, readItems, type SemanticsItem } from "../../nft-vectors.ts";

interface RefusedItem {
  readonly name: string;
  readonly nft: string;
}

function read(text: string): NftRules {
  const parsed = readNft(text, { where: "rules.nft", names: NAMES });
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
}

function findings(text: string): readonly string[] {
  const parsed = readNft(text, { where: "rules.nft", names: NAMES });
  return parsed.ok ? [] : parsed.findings.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** The tables as text, elements of sets and maps in order: nft lists them in the kernel's order. */
function describeTables({ tables }: NftRules): string {
  return JSON.stringify(
    tables.map((table) => ({ ...table, objects: null })),
    (key, value) => {
      if (key === "text" || key === "line" || key === "handle" || key === "counters") return undefined;
      if (key === "elements" || key === "branches") return [...value].map((one) => JSON.stringify(one, bigText)).sort();
      return bigText(key, value);
    },
  );
}

function bigText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

describe("a text and the JSON that nft lists for it parse to the same rules", () => {
  const items = [
    ...readItems<SemanticsItem>("nft-semantics.json").filter(({ load }) => !load),
    ...readItems<PairItem>("nft-pairs.json"),
  ];
  // The listing names the family of a dnat that the text leaves to the address match before it.
  const cases = items.filter(({ name, nft }) => nft !== null && name !== "dnat-inet-no-family");
  test.each(cases.map((item) => [item.name, item] as const))("%s", (_, item) => {
    expect(recogniseNft(item.nft ?? "")).toBe("text");
    expect(recogniseNft(JSON.stringify(item.nft_json))).toBe("json");
    expect(describeTables(read(item.nft ?? ""))).toBe(describeTables(read(JSON.stringify(item.nft_json))));
  });
});

describe("what nft or the kernel refuses is refused:", () => {
  test.each(readItems<RefusedItem>("nft-refused.json").map((item) => [item.name, item] as const))("%s", (_, item) => {
    expect(findings(item.nft).length).toBeGreaterThan(0);
  });
});

describe("definitions that name each other twice", () => {
  const CHAIN = "table ip t { chain c { type filter hook output priority 0; tcp dport $a39 accept; } }\n";
  const double = (join: (name: string) => string) =>
    Array.from({ length: 39 }, (_, i) => `define a${i + 1} = ${join(`$a${i}`)}\n`).join("");
  test.each([
    ["sets", "{ 1, 2 }", (name: string) => `{ ${name}, ${name} }`],
    ["lists", "1", (name: string) => `${name}, ${name}`],
    ["concatenations", "1", (name: string) => `${name} . ${name}`],
    ["set elements that are concatenations", "1", (name: string) => `{ ${name} . ${name} }`],
  ])("as %s are refused before they are expanded", (_, first, join) => {
    const found = findings(`define a0 = ${first}\n${double(join)}${CHAIN}`);
    expect(found[0]).toMatch(/stand for more than 1000000 values/);
    expect(found.length).toBeLessThan(60);
  });
  test("are accepted if they stay small", () => {
    const text = CHAIN.replace("$a39", "$b");
    expect(findings(`define a = { 1, 2 }\ndefine b = { $a, 3, $a }\n${text}`)).toEqual([]);
  });
});

describe("a text that is wrong is refused with every line and column", () => {
  test.each([
    ["table ip t {\n chain c {\n  tcp dprt 80 accept\n  tcp dport 80 acept\n }\n}\n", ["3:7 ", "4:16 "]],
    ['include "/etc/x"\ntable ip t { }\n', ["1:1 landfall does not follow include"]],
    ["table ip t {\n chain c {\n  ip daddr $X accept\n }\n}\n", ["3:12 $X is not defined"]],
    ["table ip t {\n chain c {\n  tcp dport 80 accept\n", ["4:1 "]],
    ["table ip t {\n chain c {\n  tcp dport 80-70 accept\n }\n}\n", ["3:13 "]],
    ["add rule ip t c accept\n", ["1:1 There is no table ip t."]],
  ])("%j", (text, starts) => {
    const found = findings(text);
    expect(found.map((line, i) => line.startsWith(starts[i] ?? "nothing"))).toEqual(starts.map(() => true));
  });
});

describe("what stands in the wrong place of a rule is named, and what is needed there:", () => {
  const ERRORS =
    "net-unreachable, host-unreachable, prot-unreachable, port-unreachable, net-prohibited, host-prohibited";
  const FLAGS = "a number from 0 to 255 or one of fin, syn, rst, psh, ack, urg, ecn, cwr";
  test.each([
    ["tcp flags { syn, syn | foo } drop", `"foo" is not ${FLAGS}.`],
    ["tcp flags & (fin | foo) == syn drop", `"foo" is not ${FLAGS}.`],
    ["tcp flags syn,foo drop", `"foo" is not ${FLAGS}.`],
    ["reject with icmp host-foo", `"host-foo" is not an error of icmp; those are ${ERRORS}, admin-prohibited.`],
    ["reject with foo 1", '"foo" stands where icmp, icmpv6, icmpx or tcp reset is needed.'],
    ["meta mark set 1:2", '":" stands where a statement of nftables should begin.'],
    ["redirect to :1-2-3", '"-" stands where a statement of nftables should begin.'],
    ["socket foo 1 drop", '"foo" is not a field of socket; those are transparent, mark, wildcard, cgroupv2.'],
    ["meta skuid nobody-here drop", '"nobody-here" is not a number from 0 to 4294967295, or a user of this machine.'],
    ["tcp dport http-foo drop", '"http-foo" is not a number from 0 to 65535, or the name of a service.'],
  ])("%s", (rule, message) => {
    const base = "type filter hook output priority 0;";
    expect(findings(`table inet t {\n chain c { ${base}\n${rule}\n}\n}\n`)).toEqual([expect.stringMatching(/^3:\d+ /)]);
    expect(findings(`table inet t {\n chain c { ${base}\n${rule}\n}\n}\n`)[0]).toContain(message);
  });
  test("an error's number without a name, and a group of processes, are kept as text", () => {
    const { tables } = read(
      'table inet t {\n chain c {\nreject with icmp 99\nsocket cgroupv2 level 1 "x" drop\n}\n}\n',
    );
    expect(tables[0]?.chains[0]?.rules.map(({ target, matches }) => [target?.kind, matches.length])).toEqual([
      ["unknown", 0],
      ["unknown", 0],
    ]);
  });
});

describe("JSON that is wrong is refused with its path", () => {
  test.each([
    [
      { nftables: [{ rule: { family: "ip", table: "t", chain: "c", expr: [] } }] },
      "nftables[0].rule: There is no table ip t.",
    ],
    [
      {
        nftables: [
          { table: { family: "ip", name: "t" } },
          { chain: { family: "ip", table: "t", name: "c", type: "filter", hook: "outpt", prio: 0 } },
        ],
      },
      "nftables[1].chain: ",
    ],
  ])("%j", (json, start) => {
    const found = findings(JSON.stringify(json));
    expect(found[0]?.slice("null:null ".length).startsWith(start)).toBe(true);
  });

  test("JSON that does not end names line and column", () => {
    expect(findings('{ "nftables": [\n  { "table": }\n] }')[0]).toMatch(/^2:\d+ This is not valid JSON/);
  });
});

test("what is not understood is kept as text", () => {
  const { ip } = read(
    "table ip t { chain c { type filter hook output priority 0;\n meta cpu 1 limit rate 5/second queue num 3\n } }",
  );
  const [rule] = listRules(ip);
  expect(rule?.matches).toEqual([
    { kind: "unknown", text: "meta cpu 1" },
    { kind: "unknown", text: "limit rate 5/second" },
  ]);
  expect(rule?.target).toEqual({ kind: "unknown", text: "queue num 3" });
  expect(rule?.text).toBe("meta cpu 1 limit rate 5/second queue num 3");
});

test.each([
  ["fib saddr . iif oif missing", "compare"],
  ["fib saddr . iif oif != exists", "compare"],
  // An interface's name or number, another path than the reverse one.
  ["fib saddr . iif oif lo", "unknown"],
  ["fib saddr . iif oif 1", "unknown"],
  ["fib daddr . iif oif exists", "unknown"],
  ["fib saddr oif exists", "unknown"],
  ["fib saddr . mark . iif oif exists", "unknown"],
])("of fib, only whether there is a reverse path is known: %s", (text, kind) => {
  const { ip } = read(`table ip t { chain c { type filter hook prerouting priority 0;\n ${text} drop\n } }`);
  expect(listRules(ip)[0]?.matches.map((match) => match.kind)).toEqual([kind]);
});

test("names, priorities, index and comments are read as nft reads them", () => {
  const { tables } = read(`
# A comment.
define PORTS = { 80, 443 }
table inet t {
  chain c {
    type nat hook prerouting priority dstnat + 5; policy accept; # handle 1
    tcp dport $PORTS redirect to :15001 comment "both" # handle 2
  }
}
add rule inet t c meta skuid root accept
insert rule inet t c index 1 tcp dport 22 return
`);
  const [chain] = tables[0]?.chains ?? [];
  expect(chain?.base).toEqual({ type: "nat", hook: "prerouting", priority: -95, policy: "ACCEPT" });
  expect(chain?.rules.map(({ text }) => text)).toEqual([
    'tcp dport $PORTS redirect to :15001 comment "both"',
    "tcp dport 22 return",
    "meta skuid root accept",
  ]);
});

test("a rule has the handle that nft names it by, from text and from JSON", () => {
  const text = `table inet t { # handle 3
  chain out { # handle 1
    type filter hook output priority 0; policy accept;
    tcp dport 80 drop # handle 7
    tcp dport 81 drop comment "# handle 9"
    tcp dport 82 drop # a note
  }
}`;
  const rule = { family: "inet", table: "t", chain: "out", handle: 7, expr: [{ drop: null }] };
  const json = JSON.stringify({
    nftables: [
      { table: { family: "inet", name: "t" } },
      { chain: { family: "inet", table: "t", name: "out" } },
      { rule },
    ],
  });
  const handles = (of: string) =>
    nftRules(of).ip?.tables.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules.map(({ handle }) => handle)));
  expect(handles(text)).toEqual([7, undefined, undefined]);
  expect(handles(json)).toEqual([7]);
});
