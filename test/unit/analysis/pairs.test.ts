import fc from "fast-check";
import { expect, test } from "vitest";
import { openPairs } from "../../../harness/analysis/diagrams/pairs.ts";
import "../../fixed-seed.ts";

test("a table of pairs holds what a Map of the same pairs holds", () => {
  // So few numbers that pairs come near each other, and some as large as diagrams' numbers get.
  const number = fc.oneof(fc.nat(40), fc.integer({ min: 2 ** 26, max: 2 ** 30 }));
  const entry = fc.tuple(number, number, fc.nat(3));
  const entries = fc.uniqueArray(entry, { selector: ([first, second]) => `${first} ${second}`, maxLength: 300 });
  fc.assert(
    fc.property(entries, fc.array(fc.tuple(number, number)), (given, others) => {
      const pairs = openPairs();
      const known = new Map(given.map(([first, second, result]) => [`${first} ${second}`, result]));
      for (const [first, second, result] of given) pairs.set(first, second, result);
      for (const [first, second] of [...given, ...others])
        expect(pairs.get(first, second)).toBe(known.get(`${first} ${second}`));
    }),
    { numRuns: 50 },
  );
});
