import { describe, expect, test } from "vitest";
import { readIpsets } from "../../../harness/formats/ipset-save.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { resolveSets } from "../../../harness/formats/set-matches.ts";
import { renderAddress } from "../../../harness/model/address.ts";
import type { CompareMatch } from "../../../harness/model/compare.ts";

/** Resolves one match in a rule of INPUT: what it asks in words, or why it stays unknown. */
function resolve(match: string, sets: string, { family = 4, more = "" }: { family?: 4 | 6; more?: string } = {}) {
  const read = readIpsets(sets, "sets.txt");
  const text = `*filter\n-A INPUT -p tcp -m set ${match} -j ACCEPT\n${more}COMMIT\n`;
  const parsed = parseIptablesSave(text, { where: "rules.txt", family });
  if (!read.ok || !parsed.ok) throw new Error(JSON.stringify([read, parsed]));
  const { ruleset, notices } = resolveSets(parsed.value, read.value);
  const rules = ruleset.tables[0]?.chains.find(({ name }) => name === "INPUT")?.rules ?? [];
  const found = rules[0]?.matches[1];
  if (found?.kind === "compare") return describeCompare(found, family);
  return notices.length > 0
    ? notices
    : [found?.kind === "comment" ? "always" : found?.kind === "mark" ? "never" : found];
}

function describeCompare({ keys, operator, elements }: CompareMatch, family: 4 | 6): readonly string[] {
  const name = (value: bigint, i: number) =>
    keys[i]?.name.endsWith("addr") ? renderAddress(family, value) : `${value}`;
  return [
    `${keys.map((key) => key.name).join(" . ")} ${operator}`,
    ...elements.map((element) =>
      element
        .map((one, i) =>
          "first" in one ? [...new Set([one.first, one.last].map((end) => name(end, i)))].join("-") : "",
        )
        .join(" . "),
    ),
  ];
}

const NET = "create n hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\n";

describe("a match of a known set asks for what is in it", () => {
  test.each([
    [
      "networks, joined",
      "--match-set n src",
      `${NET}add n 10.0.0.0/25\nadd n 10.0.0.128/25\nadd n 10.2.0.1\n`,
      ["ip saddr ==", "10.0.0.0-10.0.0.255", "10.2.0.1"],
    ],
    [
      "what is not in it",
      "! --match-set n dst",
      `${NET}add n 10.0.0.0/8\n`,
      ["ip daddr !=", "10.0.0.0-10.255.255.255"],
    ],
    [
      "the longest prefix",
      "--match-set n dst",
      `${NET}add n 10.0.0.1\nadd n 10.0.0.0/30 nomatch\nadd n 10.0.0.0/29\n`,
      ["ip daddr ==", "10.0.0.1", "10.0.0.4-10.0.0.7"],
    ],
    [
      "ports with addresses",
      "--match-set p dst,dst",
      "create p hash:ip,port family inet\nadd p 10.0.0.1,udp:53\nadd p 10.0.0.2,tcp:1-9\n",
      ["ip daddr . meta l4proto . th dport ==", "10.0.0.1 . 17 . 53", "10.0.0.2 . 6 . 1-9"],
    ],
    [
      "ports of both protocols",
      "--match-set b src",
      "create b bitmap:port range 0-1024\nadd b 80\n",
      ["meta l4proto . th sport ==", "6 . 80", "17 . 80"],
    ],
    [
      "networks of one length",
      "--match-set m src",
      "create m hash:ip family inet netmask 24\nadd m 10.0.1.0\n",
      ["ip saddr ==", "10.0.1.0-10.0.1.255"],
    ],
    [
      "sets of sets",
      "--match-set l src",
      `${NET}create o hash:ip family inet\ncreate l list:set size 8\nadd n 10.0.0.0/24\nadd o 1.2.3.4\nadd l n\nadd l o\n`,
      ["ip saddr ==", "1.2.3.4", "10.0.0.0-10.0.0.255"],
    ],
    ["an empty set: nothing", "--match-set n src", NET, ["never"]],
    ["an empty set, negated: everything", "! --match-set n src", NET, ["always"]],
    [
      "too few directions: nothing",
      "--match-set p dst",
      "create p hash:ip,port family inet\nadd p 10.0.0.1,udp:53\n",
      ["never"],
    ],
    [
      "an entry about ICMP: no port",
      "--match-set p dst,dst",
      "create p hash:ip,port family inet\nadd p 10.0.0.1,icmp:echo-request\n",
      ["never"],
    ],
  ])("%s", (_, match, sets, expected) => expect(resolve(match, sets)).toEqual(expected));
  test("and nothing of another family", () => {
    expect(resolve("--match-set n src", `${NET}add n 10.0.0.0/8\n`, { family: 6 })).toEqual(["never"]);
    expect(resolve("! --match-set s src", "create s hash:ip family inet6\nadd s fd00::1\n", { family: 6 })).toEqual([
      "ip6 saddr !=",
      "fd00::1",
    ]);
  });
});

describe("it stays unknown, with the reason", () => {
  const port = "create p hash:ip,port family inet\nadd p 10.0.0.1,udp:53\n";
  test.each([
    ["not there", "--match-set x src", NET, "", /does not have it/],
    ["entries that expire", "--match-set n src", `${NET}add n 10.0.0.1 timeout 9\n`, "", /expire/],
    [
      "a type that is not understood",
      "--match-set w src,src",
      "create w hash:ip,mac\nadd w 10.0.0.1,aa:bb:cc:dd:ee:ff\n",
      "",
      /hash:ip,mac/,
    ],
    ["a bit mask", "--match-set w src", "create w hash:ip family inet bitmask 255.0.0.255\n", "", /bitmask/],
    ["other options", "--match-set n src --packets-gt 5", NET, "", /options that landfall does not read/],
    [
      "a rule that changes it",
      "--match-set n src",
      `${NET}add n 10.0.0.1\n`,
      "-A INPUT -j SET --add-set n src\n",
      /-j SET/,
    ],
    ["negated ports, which ICMP has not", "! --match-set p src,src", port, "", /negated/],
    [
      "sets of several types",
      "--match-set l src,src",
      `${port}${NET}add n 10.0.0.1\ncreate l list:set\nadd l n\nadd l p\n`,
      "",
      /several types/,
    ],
  ])("%s", (_, match, sets, more, why) => expect(resolve(match, sets, { more })).toEqual([expect.stringMatching(why)]));
});

test("every line that is wrong is told with its place", () => {
  const read = readIpsets(
    "create a hash:ip\ncreate a hash:ip\nadd b 1.2.3.4\nadd a ::1\nflush a\n# fine\nadd a 1.2.3.4,tcp:1\n",
    "s",
  );
  expect(read.ok ? [] : read.findings.map(({ line, message }) => `${line} ${message}`)).toEqual([
    expect.stringMatching(/^2 The set a is created twice/),
    expect.stringMatching(/^3 The set b is not created/),
    expect.stringMatching(/^4 "::1" is not an entry/),
    expect.stringMatching(/^5 This is not a line of ipset save/),
    expect.stringMatching(/^7 "1.2.3.4,tcp:1" is not an entry/),
  ]);
});
