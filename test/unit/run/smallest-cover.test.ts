import { describe, expect, test } from "vitest";
import { chooseCovers } from "../../../harness/run/mutation/smallest-cover.ts";

/** Chooses among covers written as `name: things`, each thing a letter. */
function check(covers: readonly string[], expected: readonly string[]): void {
  const given = covers.map((text) => {
    const [, things = ""] = text.split(": ");
    return { covers: new Set(things), text };
  });
  expect(chooseCovers(given).map(({ text }) => text)).toEqual(expected);
}

describe("choosing the smallest set of flows", () => {
  test("takes one flow that covers everything", () => check(["a: x", "b: xyz", "c: yz"], ["b: xyz"]));
  test("takes the first of equals", () => check(["a: xy", "b: xy"], ["a: xy"]));
  test("keeps the order of those that it takes", () => check(["a: x", "b: yz"], ["a: x", "b: yz"]));
  test("takes nothing if nothing is covered", () => check(["a: "], []));
  test("gives fewer than taking the largest first does", () =>
    check(["a: 1245", "b: 123", "c: 456"], ["b: 123", "c: 456"]));
});
