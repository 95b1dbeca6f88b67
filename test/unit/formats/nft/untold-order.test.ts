import { describe, expect, test } from "vitest";
import { readRulesText } from "../../../../harness/formats/rules-text.ts";

const chain = (family: string, table: string, prio: number) => [
  { table: { family, name: table } },
  { chain: { family, table, name: "o", type: "filter", hook: "output", prio, policy: "accept" } },
  { rule: { family, table, chain: "o", expr: [{ drop: null }] } },
];

function hiddenOf(...objects: readonly object[]): readonly string[] {
  const read = readRulesText(JSON.stringify({ nftables: objects }), { where: "rules.json", family: 4 });
  if (!read.ok) throw new Error(read.findings.map(({ message }) => message).join(" "));
  return read.value.hidden.map(({ message }) => message);
}

describe("a live listing does not show the order of chains at the same hook and priority", () => {
  const listing = { metainfo: { version: "1.0.6" } };
  test("of two tables that see the same packets", () => {
    expect(hiddenOf(listing, ...chain("inet", "a", 0), ...chain("ip", "b", 0))).toEqual([
      expect.stringContaining("which runs first, inet a o or ip b o"),
    ]);
  });
  test.each([
    ["where priorities differ", [listing, ...chain("inet", "a", 0), ...chain("ip", "b", 1)]],
    ["where no packet meets both", [listing, ...chain("ip6", "a", 0), ...chain("ip", "b", 0)]],
    ["where a file says its order itself", [...chain("inet", "a", 0), ...chain("ip", "b", 0)]],
  ])("but the order is known %s", (_, objects) => {
    expect(hiddenOf(...objects)).toEqual([]);
  });
});
