import { describe, expect, test } from "vitest";
import { findNearNames } from "../../../harness/model/near-names.ts";

describe("near names", () => {
  test.each([
    ["verfy", ["verify"]],
    ["verifyy", ["verify"]],
    ["dif", ["diff"]],
    ["mpa", []],
    ["frobnicate", []],
    ["", []],
  ] as const)("of %j are %j", (word, expected) => {
    expect(findNearNames(word, ["verify", "diff", "map", "merge"])).toEqual(expected);
  });
});
