import stringWidth from "string-width";
import { expect, test } from "vitest";
import { countCells, fitCells, padCells } from "../../../harness/report/cells.ts";

test.each([
  ["port-15020", 10],
  ["入站流量", 8],
  ["ポート15020", 11],
  ["e\u0301te\u0301", 3],
  ["👩‍🚀 ok", 5],
])("%s takes %d cells of a terminal, and is padded to more", (text, cells) => {
  expect(countCells(text)).toBe(cells);
  expect(padCells(text, cells + 2)).toBe(`${text}  `);
  expect(padCells(text, 1)).toBe(text);
});

test.each([..." ~…–→✓✗≤"])("%s takes one cell, as string-width has it", (sign) => {
  expect(countCells(sign)).toBe(stringWidth(sign));
  expect(countCells(`${sign}\u0301`)).toBe(1);
});

test.each([
  ["abc", 2, "ab"],
  ["abc", 3, "abc"],
  ["入站", 3, "入"],
  ["a👩‍🚀", 2, "a"],
  ["e\u0301a", 1, "e\u0301"],
])("%s is shortened to %d cells without splitting a character: %s", (text, cells, expected) => {
  expect(text.slice(0, fitCells(text, cells))).toBe(expected);
});
