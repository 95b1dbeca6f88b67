import { describe, expect, test } from "vitest";
import { findNearNames } from "../../../harness/cli/near-names.ts";
import { runCommand } from "./run-command.ts";

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
  test("are offered for an unknown command, which is told once", async () => {
    expect(await runCommand("verfy")).toEqual({
      code: 2,
      out: "",
      err: "landfall: There is no such command.\n  verfy: Did you mean verify?\n",
    });
  });
});
