import { describe, expect, test } from "vitest";
import { type GlanceRow, joinWays } from "../../../harness/analysis/join-ways.ts";
import type { RulePlace } from "../../../harness/model/rule-place.ts";

function place(index: number): RulePlace {
  return {
    family: 4,
    table: "filter",
    chain: "INPUT",
    index,
    rule: `-A INPUT -p tcp -m tcp --dport ${index} -j ACCEPT`,
  };
}

function way(to: string, ...deciding: readonly number[]): GlanceRow {
  const ends = { family: 4, protocol: "tcp", from: ["pod"], to: [to] } as const;
  return { ...ends, who: "all", kind: "as dialled", deciding: deciding.map(place) };
}

/** What is told of joined ways: their ends, the numbers of the rules, and whether some have none. */
function tell(rows: readonly GlanceRow[]) {
  return joinWays(rows).map(({ to, deciding, withoutRule }) => [to, deciding.map(({ index }) => index), withoutRule]);
}

describe("ways whose flows all land alike", () => {
  test("are one row that names the rules of each, once", () => {
    expect(tell([way("elsewhere", 1, 2), way("loopback", 2, 3)])).toEqual([
      [["elsewhere", "loopback"], [1, 2, 3], undefined],
    ]);
  });
  test("say which comes to its end without a rule", () => {
    expect(tell([way("elsewhere"), way("loopback", 2)])).toEqual([[["elsewhere", "loopback"], [2], "first"]]);
    expect(tell([way("elsewhere", 2), way("loopback")])).toEqual([[["elsewhere", "loopback"], [2], "later"]]);
    expect(tell([way("elsewhere"), way("loopback")])).toEqual([[["elsewhere", "loopback"], [], undefined]]);
  });
  test("stay apart where only some of a way's flows land so, by other rules", () => {
    const divided = (to: string, index: number) => [
      { ...way(to, index), who: "port 22" },
      { ...way(to), who: "all others", kind: "timed-out" },
    ];
    expect(tell([...divided("elsewhere", 1), ...divided("loopback", 2)])).toHaveLength(4);
    expect(tell([...divided("elsewhere", 1), ...divided("loopback", 1)])).toHaveLength(2);
  });
  test("stay apart where they land elsewhere", () => {
    expect(tell([way("elsewhere"), { ...way("loopback"), kind: "timed-out" }])).toHaveLength(2);
  });
});
