import { expect, test } from "vitest";
import { CELLS } from "../../../harness/report/cells.ts";
import { wrapLine } from "../../../harness/report/wrap-line.ts";

test.each([
  ["at the last blank that fits", "one two three", "one two\n  three"],
  ["nowhere if it fits", "one two th", "one two th"],
  ["nowhere inside a word that is too long", "unbreakable-word", "unbreakable-word"],
  ["by the cells that letters take, between wide ones", "入站流量都被重定向", "入站流量都\n  被重定向"],
  ["at a blank where a number stands behind it", "入站 15020端", "入站\n  15020端"],
  ["never ahead of a full stop", "入站流量都。", "入站流量\n  都。"],
])("a line is broken %s", (_, text, expected) => {
  expect(wrapLine(text, 2, 10, CELLS)).toBe(expected);
});

test("landfall's own text is wrapped at blanks, and a word that is too long stays whole", () => {
  expect(wrapLine("one two three unbreakable-word", 2, 10)).toBe("one two\n  three\n  unbreakable-word");
});
