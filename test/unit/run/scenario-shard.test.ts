import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseShard, takeShard, takeShardToRun } from "../../../harness/run/scenario/scenario-shard.ts";

describe("a shard", () => {
  test.each([
    ["1/1", { index: 1, count: 1 }],
    ["2/4", { index: 2, count: 4 }],
    ["0/4", null],
    ["5/4", null],
    ["1", null],
    ["1/0", null],
    ["a/b", null],
    ["1/2/3", null],
    ["-1/2", null],
    ["", null],
  ])("%o is read as %o", (text, expected) => {
    const parsed = parseShard(text);
    expect(parsed.ok ? parsed.value : null).toEqual(expected);
  });

  test("is one of at most 9999, which is told where there are more", () => {
    const messageOf = (text: string) => {
      const parsed = parseShard(text);
      return parsed.ok ? null : parsed.findings.map(({ message }) => message).join();
    };
    expect(messageOf("9999/9999")).toBe(null);
    expect(messageOf("1/99999")).toBe('"1/99999" is not a shard: a run has at most 9999.');
    expect(messageOf("5/4")).toMatch(/^"5\/4" is not a shard; write K\/N with K from 1 to N/);
  });

  test("has scenarios that no other shard has, and all shards together have every scenario", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (numbers, count) => {
        const list = numbers.map((number, i) => [i, number]);
        const shards = Array.from({ length: count }, (_, i) => takeShard(list, { index: i + 1, count }));
        expect(shards.flat().sort(([a = 0], [b = 0]) => a - b)).toEqual(list);
        const sizes = shards.map((shard) => shard.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

test("a shard without a scenario is refused, as its run could never fail", () => {
  expect(() => takeShardToRun(["a"], { index: 2, count: 2 })).toThrow(
    "There is one scenario, so that shard 2 of 2 has none; use no more shards than scenarios.",
  );
  expect(takeShardToRun(["a", "b"], { index: 2, count: 2 })).toEqual(["b"]);
  expect(takeShardToRun([], { index: 2, count: 2 })).toEqual([]);
});
