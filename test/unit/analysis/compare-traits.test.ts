import { describe, expect, test } from "vitest";
import {
  elementRanges,
  familyOfKey,
  listAskedMarks,
  listCompareRanges,
} from "../../../harness/analysis/diagrams/compare-traits.ts";
import { type CompareKeyName, type CompareMatch, type CompareRange, makeKey } from "../../../harness/model/compare.ts";

const at = (first: number, last = first): CompareRange => ({ first: BigInt(first), last: BigInt(last) });

function compare(keys: CompareMatch["keys"], ...elements: readonly (readonly CompareRange[])[]): CompareMatch {
  return { kind: "compare", keys, operator: "==", elements, set: null };
}

describe("a comparison asks for a packet's mark", () => {
  const MARK = makeKey("meta mark");
  const marksOf = (match: CompareMatch) => listAskedMarks(match).map(({ value, mask }) => [value, mask]);
  const WHOLE = 0xffffffff;
  test.each<readonly [string, CompareMatch, readonly (readonly [value: number, mask: number])[]]>([
    [
      "and for those beside it",
      compare([MARK], [at(5)]),
      [
        [5, WHOLE],
        [4, WHOLE],
        [6, WHOLE],
      ],
    ],
    [
      "at both ends of a range, and beside them",
      compare([MARK], [at(5, 9)]),
      [
        [5, WHOLE],
        [9, WHOLE],
        [4, WHOLE],
        [10, WHOLE],
      ],
    ],
    [
      "which is none below the first or behind the last",
      compare([MARK], [at(0)], [at(WHOLE)]),
      [
        [0, WHOLE],
        [1, WHOLE],
        [WHOLE, WHOLE],
        [0xfffffffe, WHOLE],
      ],
    ],
    [
      "of which it looks at some bits",
      compare([makeKey("meta mark", { mask: 0xf0000000n })], [at(0xa0000000)]),
      [
        [0xa0000000, 0xf0000000],
        [0x90000000, 0xf0000000],
        [0xa0000000, 0xf0000000],
      ],
    ],
    [
      "by the key that reads it alone",
      compare([makeKey("ct mark"), MARK, makeKey("tcp dport")], [at(1), at(2), at(3)]),
      [
        [2, WHOLE],
        [1, WHOLE],
        [3, WHOLE],
      ],
    ],
    ["or does not", compare([makeKey("ct mark")], [at(1)]), []],
  ])("%s", (_, match, expected) => expect(marksOf(match)).toEqual(expected));
});

describe("the packets that have what a key reads are of", () => {
  test.each<readonly [4 | 6 | null, CompareKeyName, "ip" | "ip6" | null]>([
    [4, "ip daddr", null],
    [6, "ip6 daddr", null],
    [6, "ip6 nexthdr", null],
    [4, "ct daddr", "ip"],
    [6, "ct daddr", "ip6"],
    [null, "ct daddr", null],
    [null, "tcp dport", null],
  ])("family %o: %s %o", (expected, name, family) => expect(familyOfKey(makeKey(name, { family }))).toBe(expected));
});

describe("an element of a comparison holds", () => {
  const IPV4 = { axis: "addresses", family: 4 } as const;
  const IPV6 = { axis: "addresses", family: 6 } as const;
  const PORTS = { axis: "ports", family: 4 } as const;
  const IDS = { axis: "ids", family: 4 } as const;
  const HIGH = 1n << 96n;
  test.each<readonly [string, Parameters<typeof elementRanges>, readonly (readonly [bigint, bigint])[]]>([
    ["its numbers", [makeKey("tcp dport"), at(7000, 7010), PORTS], [[7000n, 7010n]]],
    ["no name", [makeKey("tcp dport"), { name: "" }, PORTS], []],
    [
      "the last id, whatever is behind it",
      [makeKey("meta skuid"), at(0xfffffffe, 0xffffffff), IDS],
      [[0xfffffffen, 0xffffffffn]],
    ],
    ["nothing behind the last id", [makeKey("meta skuid"), at(0xffffffff), IDS], []],
    ["nor if bits are named", [makeKey("meta skuid", { mask: 0xffffffffn }), at(0xffffffff), IDS], []],
    ["nothing behind the last port", [makeKey("th dport"), at(65536), PORTS], []],
    ["nothing between a number and a lower one", [makeKey("th dport"), at(90, 80), PORTS], []],
    ["the last port", [makeKey("th dport"), at(65535), PORTS], [[65535n, 65535n]]],
    ["nothing if it has bits that are not looked at", [makeKey("tcp dport", { mask: 0xff00n }), at(1), PORTS], []],
    ["all ports with its bits", [makeKey("tcp dport", { mask: 0xff00n }), at(0x100), PORTS], [[0x100n, 0x1ffn]]],
    [
      "all ids with its bits, whatever the upper ones",
      [makeKey("meta skuid", { mask: 0xfeffffffn }), at(0x10), IDS],
      [
        [0x10n, 0x10n],
        [0x1000010n, 0x1000010n],
      ],
    ],
    ["all ids with its bits", [makeKey("meta skuid", { mask: 0xfffffff0n }), at(0x10), IDS], [[0x10n, 0x1fn]]],
    [
      "all addresses with its bits, of the key's family",
      [makeKey("ip daddr", { mask: 0xffffff00n }), at(0x0a000000), IPV6],
      [[0x0a000000n, 0x0a0000ffn]],
    ],
    [
      "all addresses with its bits, of the rule set's family",
      [makeKey("ct daddr", { mask: 0xffffff00n }), at(0x0a000000), IPV4],
      [[0x0a000000n, 0x0a0000ffn]],
    ],
    [
      "all addresses with its bits, of IPv6",
      [makeKey("ct daddr", { mask: (1n << 128n) - HIGH }), at(0), IPV6],
      [[0n, HIGH - 1n]],
    ],
  ])("%s", (_, asked, expected) => expect(elementRanges(...asked)).toEqual(expected));

  test("or cannot be told if bits are compared with a range", () => {
    const key = makeKey("tcp dport", { mask: 0xff00n });
    expect(() => elementRanges(key, at(0, 0x100), PORTS)).toThrow(
      expect.objectContaining({ code: "budget-exceeded", message: expect.stringContaining("bits of tcp dport") }),
    );
  });
});

describe("a comparison tells flows apart at the values", () => {
  const match = compare(
    [makeKey("tcp dport"), makeKey("ct daddr"), makeKey("meta l4proto"), makeKey("meta skgid")],
    [at(80), at(1), at(6), at(5)],
    [at(90), at(2), at(6), at(7)],
  );
  const port = {
    axis: "ports",
    ranges: [
      [80n, 80n],
      [90n, 90n],
    ],
    fields: ["destination-port"],
  };
  const end = {
    axis: "addresses",
    ranges: [
      [1n, 1n],
      [2n, 2n],
    ],
    fields: [],
  };
  const gid = {
    axis: "ids",
    ranges: [
      [5n, 5n],
      [7n, 7n],
    ],
    fields: ["gid"],
  };
  test("of each of its keys that reads what flows have", () =>
    expect(listCompareRanges(match, 4)).toEqual([port, end, gid]));
  test("of the keys that are asked for", () => {
    expect(listCompareRanges(match, 4, ({ field }) => field === null)).toEqual([end]);
    expect(listCompareRanges(match, 4, (_, { name }) => name === "meta skgid")).toEqual([gid]);
  });
});
