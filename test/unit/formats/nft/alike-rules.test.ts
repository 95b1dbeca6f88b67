import { describe, expect, test } from "vitest";
import { readNft } from "../../../../harness/formats/nft/read-nft.ts";

const LOOKUPS = {
  user: (name: string) => (name === "envoy" ? 1337 : null),
  group: () => null,
  service: (name: string) => (name === "http" ? 80 : null),
  routeTable: () => null,
};
const ENDS = ["a", "b", "c", "d"].map((name) => `  chain ${name} {\n  }\n`).join("");

/** The last rule of a table, or what is wrong with it; its line, which depends on what stands before it, is left out. */
function readLast(rules: readonly string[], head: string) {
  const text = `${head}\n  chain o {\n    type nat hook output priority -100;\n${rules.map((rule) => `    ${rule}\n`).join("")}  }\n${ENDS}}\n`;
  const read = readNft(text, { where: "rules.nft", names: LOOKUPS });
  const line = head.split("\n").length + 2 + rules.length;
  if (!read.ok)
    return read.findings.filter((one) => one.line === line).map(({ column, message }) => ({ column, message }));
  const rule = read.value.tables[0]?.chains.find(({ name }) => name === "o")?.rules.at(-1);
  expect(rule?.line).toBe(line);
  return { ...rule, line: null };
}

/** Reads each rule alone, and as the last of rules that differ from it in one value: that they are alike must not show. */
function check(rule: string, head: string, usual: readonly string[], values: readonly string[]): void {
  const write = (value: string) => rule.replace("VALUE", () => value);
  const before = [...usual, ...usual].map(write);
  for (const own of [...usual, ...values].map(write))
    expect(readLast([...before, own], head), own).toEqual(readLast([own], head));
}

const IP = "table ip t {";
const INET = "table inet t {\n  set s { type inet_service; elements = { 80, 90 } }";
const NUMBERS = [
  "0",
  "00",
  "080",
  "0x50",
  "65535",
  "65536",
  "4294967296",
  "99999999999999999999",
  "http",
  "$x",
  "{ 80, 90 }",
];
const ADDRESSES = [
  "0.0.0.0",
  "255.255.255.255",
  "010.0.0.1",
  "10.0.0",
  "256.0.0.1",
  "::1",
  "10.0.0.1-10.0.0.9",
  "{ 10.0.0.1 }",
];

describe("a rule is read the same whether rules like it stand before it or not:", () => {
  test.each<[rule: string, head: string, usual: readonly string[], values: readonly string[]]>([
    ["ip daddr VALUE accept", IP, ["10.0.0.1", "10.0.0.2"], ADDRESSES],
    ["ip saddr != VALUE tcp dport 80 redirect to :15001", IP, ["10.0.0.1", "10.0.0.2"], ADDRESSES],
    ["ip daddr VALUE/24 accept", IP, ["10.0.1.9", "10.0.2.0"], ADDRESSES],
    ["ip daddr 10.0.0.0/VALUE accept", IP, ["8", "31"], ["0", "32", "33", "08", "0x8", "128"]],
    ["ip daddr & VALUE == 10.0.0.0 accept", IP, ["255.0.0.0", "255.255.0.0"], ["255.0.0.255", "::1"]],
    ["ip6 daddr VALUE accept", INET, ["::1", "fd00::1"], ["10.0.0.1", "::", "::ffff:10.0.0.1", "fd00::/8"]],
    ["tcp dport VALUE accept", INET, ["80", "90"], [...NUMBERS, "@s", "@none", "80-90", "90-80"]],
    ["tcp dport >= VALUE accept", INET, ["80", "90"], NUMBERS],
    ["tcp dport 80-VALUE accept", INET, ["90", "91"], ["79", "080", "65536", "http"]],
    ["th sport . th dport VALUE . 80 accept", INET, ["80", "90"], ["65536", "080"]],
    ["meta mark VALUE accept", INET, ["1", "2"], [...NUMBERS, "4294967295"]],
    ["meta mark & VALUE == 1 accept", INET, ["1", "2"], ["0", "0xff", "4294967296"]],
    ["meta skuid VALUE accept", INET, ["1", "2"], ["envoy", "nobody", "01337", "1-2"]],
    ["ct state VALUE accept", INET, ["1", "2"], ["0", "new", "new,established", "4294967296"]],
    ["ct original proto-dst VALUE accept", INET, ["1", "2"], NUMBERS],
    ["tcp flags VALUE accept", INET, ["1", "2"], ["0", "syn", "syn / syn,ack", "256"]],
    ["meta priority VALUE:2 accept", INET, ["1", "2"], ["a", "10000", "0"]],
    ['iifname "VALUE" accept', INET, ["eth0", "eth1"], ["", "eth*", "tcp"]],
    ["limit rate VALUE/second accept", INET, ["1", "2"], ["0", "01"]],
    ["tcp dport 80 redirect to :VALUE", INET, ["1", "2"], [...NUMBERS, "1-2", "2-1"]],
    ["tcp dport 80 dnat ip to 10.0.0.1:VALUE", INET, ["1", "2"], [...NUMBERS, "1-2"]],
    ["tcp dport 80 dnat ip to VALUE:80", INET, ["10.0.0.1", "10.0.0.2"], ADDRESSES],
    ["meta mark set VALUE", INET, ["1", "2"], ["0", "010", "0x10", "4294967296", "meta mark | 1"]],
    ["counter packets VALUE bytes 9 accept", INET, ["1", "2"], ["0", "010", "0x10"]],
    ["counter packets 1 bytes 2 counter packets VALUE bytes 9 accept", INET, ["1", "2"], ["3"]],
    ["counter packets 1 bytes VALUE tcp dport 80 jump a", INET, ["1", "2"], ["0", "010"]],
    ["tcp dport 80 jump VALUE", INET, ["a", "b"], ["c", "o", "none", '"d"', "{ drop; }"]],
    ['tcp dport 80 goto a comment "VALUE"', INET, ["1", "2"], ["", "jump b", "# handle 9"]],
    ['tcp dport 80 comment "VALUE" accept', INET, ["1", "2"], ["3"]],
    ['comment "x" tcp dport 80 comment "VALUE"', INET, ["1", "2"], ["3"]],
    ["tcp dport 80 accept # handle VALUE", INET, ["1", "2"], ["0", "12345", "x"]],
    ["tcp dport VALUE accept drop", INET, ["1", "2"], ["3"]],
    ["ip daddr 10.0.0.1 ip6 daddr VALUE accept", INET, ["::1", "::2"], ["::3"]],
    ["reject with icmp VALUE", INET, ["1", "2"], ["3", "99", "01", "host-unreachable"]],
    ["numgen inc mod VALUE 0 accept", INET, ["2", "3"], ["4"]],
    ["tcp dport VALUE; accept", INET, ["1", "2"], ["3"]],
  ])("%s", check);

  test("rules of commands keep their places", () => {
    const base = "add table ip t\nadd chain ip t o { type filter hook output priority 0; }\n";
    const commands = ["add rule", "add rule", "add rule", "insert rule"].map(
      (verb, i) => `${verb} ip t o tcp dport ${80 + i} accept\n`,
    );
    const read = readNft(`${base}${commands.join("")}`, { where: "rules.nft" });
    const rules = read.ok ? (read.value.tables[0]?.chains[0]?.rules ?? []) : [];
    expect(rules.map(({ line, text }) => `${line} ${text}`)).toEqual([
      "6 tcp dport 83 accept",
      "3 tcp dport 80 accept",
      "4 tcp dport 81 accept",
      "5 tcp dport 82 accept",
    ]);
  });

  test("rules like each other share what is the same", () => {
    const rules = [1, 2, 3, 4].map((i) => `    ip daddr 10.0.0.${i} tcp dport 80 accept\n`).join("");
    const read = readNft(`table ip t {\n  chain o {\n${rules}  }\n}\n`, { where: "rules.nft" });
    const [, , third, fourth] = read.ok ? (read.value.tables[0]?.chains[0]?.rules ?? []) : [];
    expect(third?.matches[1]).toBeDefined();
    expect(third?.matches[1]).toBe(fourth?.matches[1]);
    expect(third?.target).toBe(fourth?.target);
  });
});

test("rules of a table that is refused are told with their place, whether rules like them stand before them or not", () => {
  const rules = [80, 81, 82, 83].map((port) => `  tcp dport ${port} accept\n`).join("");
  const read = readNft(`table ip t {\n flags interval;\n chain c {\n${rules} }\n}\n`, { where: "rules.nft" });
  const places = read.ok ? [] : read.findings.map(({ line, column }) => `${line}:${column}`);
  expect(places).toEqual(["1:1", "3:2", "4:3", "5:3", "6:3", "7:3"]);
});

test("a policy that is none is one finding, and the rules below it are read", () => {
  const text =
    "table ip t {\n chain c {\n  type filter hook output priority 0; policy 7;\n  tcp dport 80 accept\n  tcp dport x\n }\n}\n";
  const read = readNft(text, { where: "rules.nft" });
  expect(read.ok ? [] : read.findings.map(({ line, column }) => `${line}:${column}`)).toEqual(["3:46", "5:3"]);
});
