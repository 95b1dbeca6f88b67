import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Diagram, type Diagrams, openDiagrams } from "../../../harness/analysis/diagrams/diagrams.ts";
import { foldBalanced } from "../../../harness/analysis/diagrams/fold-balanced.ts";
import {
  coverIntervals,
  holdsNumber,
  intersectIntervals,
  invertIntervals,
  meetIntervals,
  uniteIntervals,
} from "../../../harness/analysis/diagrams/intervals.ts";
import { TERMINAL } from "../../../harness/analysis/diagrams/node-parts.ts";
import { openPairs } from "../../../harness/analysis/diagrams/pairs.ts";
import { boundariesOf, makeAxis, toAtoms } from "../../../harness/analysis/flows/axis.ts";
import { networkHolds, parseNetwork } from "../../../harness/model/address.ts";
import { networkRanges } from "../../../harness/model/value-ranges.ts";

/** Values of each of the two variables that the functions below have. */
const SIZE = 6;
/** A function of two variables as a table of its values. */
const arbitraryTable = fc.array(fc.array(fc.constantFrom("a", "b", "c"), { minLength: SIZE, maxLength: SIZE }), {
  minLength: SIZE,
  maxLength: SIZE,
});
const STARTS = Array.from({ length: SIZE }, (_, i) => i);

function build(diagrams: Diagrams, table: readonly (readonly string[])[]): Diagram {
  const rows = table.map((row) =>
    diagrams.node(
      1,
      STARTS,
      row.map((name) => diagrams.terminal(name)),
    ),
  );
  return diagrams.node(0, STARTS, rows);
}

function evaluate(diagrams: Diagrams, diagram: Diagram, values: readonly number[]): string {
  let at = diagram;
  for (let variable = diagrams.variableOf(at); variable !== TERMINAL; variable = diagrams.variableOf(at)) {
    const branch = diagrams.startsOf(at).findLastIndex((start) => start <= (values[variable] ?? 0));
    at = diagrams.childrenOf(at)[branch] as Diagram;
  }
  return diagrams.nameOf(at);
}

describe("diagrams", () => {
  test("are equal exactly where their functions are", () =>
    fc.assert(
      fc.property(arbitraryTable, arbitraryTable, (one, other) => {
        const diagrams = openDiagrams();
        expect(build(diagrams, one) === build(diagrams, other)).toBe(JSON.stringify(one) === JSON.stringify(other));
        expect(build(diagrams, one)).toBe(build(diagrams, structuredClone(one)));
      }),
    ));
  test("combine point by point", () =>
    fc.assert(
      fc.property(arbitraryTable, arbitraryTable, (one, other) => {
        const diagrams = openDiagrams();
        const pair = (a: Diagram, b: Diagram) => diagrams.terminal(diagrams.nameOf(a) + diagrams.nameOf(b));
        const both = diagrams.combine(build(diagrams, one), build(diagrams, other), pair, openPairs());
        for (const x of STARTS)
          for (const y of STARTS) expect(evaluate(diagrams, both, [x, y])).toBe(`${one[x]?.[y]}${other[x]?.[y]}`);
      }),
    ));
  test("combine to the same where a shortcut knows what two come to", () =>
    fc.assert(
      fc.property(arbitraryTable, arbitraryTable, (one, other) => {
        const diagrams = openDiagrams();
        const [f, g] = [build(diagrams, one), build(diagrams, other)];
        const pass = diagrams.terminal("a");
        const combine = (shortcut?: (first: Diagram, second: Diagram) => Diagram | undefined) =>
          diagrams.combine(f, g, (a, b) => (a === pass ? b : a), openPairs(), shortcut ? { shortcut } : {});
        expect(combine((a, b) => (a === pass ? b : b === pass ? a : undefined))).toBe(combine());
      }),
    ));
  test("treat nodes at or above the limit variable as terminals", () => {
    const diagrams = openDiagrams();
    const [f, g] = [
      build(diagrams, [
        ["a", "b"],
        ["c", "a"],
      ]),
      diagrams.terminal("x"),
    ];
    const seen: Diagram[] = [];
    diagrams.combine(f, g, (a) => seen[seen.push(a) - 1] as Diagram, openPairs(), { limit: 1 });
    expect(seen.map((diagram) => diagrams.variableOf(diagram))).toEqual([1, 1]);
  });
  test("throw beyond the budget", () => {
    const diagrams = openDiagrams(2);
    diagrams.terminal("a");
    diagrams.terminal("b");
    diagrams.terminal("a");
    expect(() => diagrams.terminal("c")).toThrow(expect.objectContaining({ code: "budget-exceeded" }));
  });
  test("combine many in a balanced tree and keep their order", () => {
    expect(foldBalanced(["a", "b", "c", "d", "e"], (x, y) => `(${x}${y})`)).toBe("(((ab)(cd))e)");
    expect(foldBalanced([], (x) => x)).toBeUndefined();
  });
});

describe("an axis", () => {
  test("splits numbers exactly at its boundaries", () => {
    const axis = makeAxis(
      boundariesOf([
        [10n, 19n],
        [15n, 30n],
      ]),
      99n,
    );
    expect([0n, 9n, 10n, 14n, 15n, 19n, 20n, 30n, 31n, 99n].map((value) => axis.atomOf(value))).toEqual([
      0, 0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]);
    expect([0, 1, 4].map((atom) => axis.boundsOf(atom))).toEqual([
      [0n, 9n],
      [10n, 14n],
      [31n, 99n],
    ]);
    expect(toAtoms(axis, [[10n, 30n]])).toEqual([[1, 3]]);
  });
  test.each(["10.0.0.0/8", "10.0.0.1/32", "0.0.0.0/0", "10.0.5.0/255.0.255.0", "0.0.0.1/0.0.0.1", "2001:db8::/33"])(
    "knows the addresses of %s",
    (text) => {
      if (text === "0.0.0.1/0.0.0.1") {
        expect(() => networkRanges(parseNetwork(text) as never)).toThrow(
          expect.objectContaining({ code: "budget-exceeded" }),
        );
        return;
      }
      const network = parseNetwork(text);
      if (!network) throw new TypeError(text);
      const ranges = networkRanges(network);
      const ends = ranges.flat();
      expect(ends.every((address) => networkHolds(network, address))).toBe(true);
      const outside = ranges
        .flatMap(([first, last]) => [first - 1n, last + 1n])
        .filter((address) => address >= 0n && address < 1n << 32n);
      if (network.family === 4) expect(outside.some((address) => networkHolds(network, address))).toBe(false);
    },
  );
});

describe("sets of numbers", () => {
  const arbitrarySet = fc
    .array(fc.tuple(fc.nat(20), fc.nat(5)).map(([first, more]) => [first, first + more] as const))
    .map(uniteIntervals);
  test("have the union, intersection and complement of sets", () =>
    fc.assert(
      fc.property(arbitrarySet, arbitrarySet, (one, other) => {
        for (let value = 0; value <= 25; value++) {
          const [inOne, inOther] = [holdsNumber(one, value), holdsNumber(other, value)];
          expect(holdsNumber(intersectIntervals(one, other), value)).toBe(inOne && inOther);
          expect(holdsNumber(uniteIntervals([...one, ...other]), value)).toBe(inOne || inOther);
          expect(holdsNumber(invertIntervals(one, 25), value)).toBe(!inOne);
        }
        const met = intersectIntervals(one, other);
        expect(meetIntervals(one, other)).toBe(met.length > 0);
        expect(coverIntervals(one, other)).toBe(JSON.stringify(met) === JSON.stringify(other));
      }),
    ));
});
