import fc from "fast-check";
import { expect, test } from "vitest";
import { markClass } from "../../../harness/analysis/class-marks.ts";
import { openPairs } from "../../../harness/analysis/diagrams/pairs.ts";
import { openFlowSpace } from "../../../harness/analysis/flows/flow-space.ts";
import "../../fixed-seed.ts";

const NO_CUTS = { addresses: [], ports: [], ids: [], marks: [] };

test("a class is marked as a walk over the whole diagram would mark it", () => {
  const table = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 3 }), {
    minLength: 4,
    maxLength: 4,
  });
  fc.assert(
    fc.property(table, fc.uniqueArray(fc.integer({ min: 0, max: 5 })), (values, wanted) => {
      const space = openFlowSpace(4, [], NO_CUTS);
      const { diagrams } = space;
      const terminals = [0, 1, 2, 3, 4, 5].map((value) => diagrams.terminal(`class ${value}`));
      const pick = (value: number) => terminals[value] as number;
      const rows = values.map((row) => diagrams.node(1, [0, 1, 2], row.map(pick)));
      const root = diagrams.node(0, [0, 1, 2, 3], rows);
      const marked = markClass(root, new Set(wanted.map(pick)), space);
      const [inside, out] = [diagrams.terminal("in"), diagrams.terminal("out")];
      const isIn = (one: number) => wanted.some((value) => pick(value) === one);
      expect(marked).toBe(diagrams.combine(root, out, (one) => (isIn(one) ? inside : out), openPairs()));
    }),
  );
});
