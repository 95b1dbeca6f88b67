import { expect, test } from "vitest";
import { greatestOf } from "../../../harness/model/greatest.ts";

test.each([
  [[3, 12, 7], 12],
  [[], 0],
  [Array.from({ length: 300_000 }, (_, i) => i), 299_999],
])("the greatest of some numbers, however many", (numbers, expected) => {
  expect(greatestOf(numbers)).toBe(expected);
});
