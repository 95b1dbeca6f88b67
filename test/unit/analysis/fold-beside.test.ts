import fc from "fast-check";
import { expect, test } from "vitest";
import { type Diagram, type Diagrams, openDiagrams } from "../../../harness/analysis/diagrams/diagrams.ts";
import { foldBalanced } from "../../../harness/analysis/diagrams/fold-balanced.ts";
import { type Folding, foldBeside } from "../../../harness/analysis/diagrams/fold-beside.ts";
import { openPairs } from "../../../harness/analysis/diagrams/pairs.ts";

const SIZE = 40;

/** As rules follow each other: what the first leaves alone the second decides. */
function openFolding(diagrams: Diagrams): Folding {
  const neutral = diagrams.terminal("next");
  const memo = openPairs();
  return {
    neutral,
    join: (first, second) => diagrams.combine(first, second, (a, b) => (a === neutral ? b : a), memo),
  };
}

/** A rule: an interval of the first variable, where it has one, and of the second, and what is done there. */
const arbitraryRule = fc.record({
  first: fc.option(fc.record({ start: fc.nat(SIZE - 1), size: fc.integer({ min: 1, max: 6 }) }), { freq: 8 }),
  second: fc.option(fc.record({ start: fc.nat(SIZE - 1), size: fc.integer({ min: 1, max: 20 }) }), { freq: 2 }),
  does: fc.constantFrom("a", "b", "c"),
});

/** Some stand several times, so that many of a kind follow each other. */
const arbitraryRules = fc
  .array(fc.tuple(arbitraryRule, fc.constantFrom(1, 1, 1, 2, 10)), { maxLength: 40 })
  .map((some) => some.flatMap(([rule, times]) => Array.from({ length: times }, () => rule)));

type Rule = typeof arbitraryRule extends fc.Arbitrary<infer R> ? R : never;

function makeRule(diagrams: Diagrams, { first, second, does }: Rule, neutral: Diagram): Diagram {
  const slice = (variable: number, interval: Rule["first"], inside: Diagram): Diagram => {
    if (interval === null) return inside;
    const { start, size } = interval;
    const bounds = [0, start, start + size].filter((bound, i, all) => bound < SIZE && bound !== all[i - 1]);
    return diagrams.node(
      variable,
      bounds,
      bounds.map((bound) => (bound >= start && bound < start + size ? inside : neutral)),
    );
  };
  return slice(0, first, slice(1, second, diagrams.terminal(does)));
}

test("a fold of rules that stand beside each other is that in pairs", () => {
  fc.assert(
    fc.property(arbitraryRules, (rules) => {
      const diagrams = openDiagrams();
      const folding = openFolding(diagrams);
      const items = rules.map((rule) => makeRule(diagrams, rule, folding.neutral));
      expect(foldBeside(items, diagrams, folding)).toBe(foldBalanced(items, folding.join));
    }),
    { numRuns: 300 },
  );
});

test("rules without any condition decide as the first of them does", () => {
  const diagrams = openDiagrams();
  const folding = openFolding(diagrams);
  const everywhere = ["a", ...Array.from({ length: 20 }, () => "b")].map((name) => diagrams.terminal(name));
  expect(foldBeside(everywhere, diagrams, folding)).toBe(everywhere[0]);
  const nowhere = Array.from({ length: 20 }, () => folding.neutral);
  expect(foldBeside(nowhere, diagrams, folding)).toBe(folding.neutral);
});

test.each([
  ["on addresses that rise", (i: number) => i],
  ["on addresses that fall", (i: number) => SIZE - 1 - i],
  ["two on each address", (i: number) => i >> 1],
])("rules %s become one diagram without pairs of them", (_, startOf) => {
  const diagrams = openDiagrams();
  const folding = openFolding(diagrams);
  const ports = (i: number) => ({ start: i % 7, size: 3 });
  const items = Array.from({ length: SIZE }, (_, i) =>
    makeRule(diagrams, { first: { start: startOf(i), size: 1 }, second: ports(i), does: "a" }, folding.neutral),
  );
  const joined: number[] = [];
  const counted = {
    ...folding,
    join: (one: Diagram, other: Diagram) => joined.push(diagrams.variableOf(one)) && folding.join(one, other),
  };
  expect(foldBeside(items, diagrams, counted)).toBe(foldBalanced(items, folding.join));
  expect(joined.filter((variable) => variable === 0)).toEqual([]);
});

test.each([
  ["that begins where another does and ends behind it", { start: 0, size: 3 }],
  ["that begins where another does and ends before it", { start: 8, size: 1 }],
  ["that begins inside another", { start: 9, size: 2 }],
])("a rule %s keeps its own flows", (_, first) => {
  const diagrams = openDiagrams();
  const folding = openFolding(diagrams);
  const beside = Array.from({ length: SIZE / 4 }, (_, i) => ({ start: i * 4, size: 2 }));
  for (const intervals of [
    [...beside, first],
    [first, ...beside],
  ]) {
    const items = intervals.map((own, i) =>
      makeRule(diagrams, { first: own, second: null, does: i % 2 === 0 ? "a" : "b" }, folding.neutral),
    );
    expect(foldBeside(items, diagrams, folding)).toBe(foldBalanced(items, folding.join));
  }
});

test("two hundred thousand rules that overlap are folded", () => {
  const diagrams = openDiagrams();
  const folding = openFolding(diagrams);
  const [wide, small] = [10, 1].map((size) =>
    makeRule(diagrams, { first: { start: 0, size }, second: null, does: "a" }, folding.neutral),
  );
  const items = Array.from({ length: 200_000 }, (_, i) => (i === 0 ? wide : small) ?? 0);
  expect(foldBeside(items, diagrams, folding)).toBe(wide);
});
