import type { ValueRanges } from "../../model/value-ranges.ts";
import type { Intervals } from "../diagrams/intervals.ts";

/**
 * The values of one dimension, cut into atoms: between two neighbouring boundaries nothing tells one value from another.
 * Atoms are numbered from 0 in rising order, so that IPv6 addresses are small numbers as well.
 */
export interface Axis {
  readonly size: number;
  /** Gives the atom that holds a value. */
  atomOf(value: bigint): number;
  /** Gives an atom's lowest and highest value. */
  boundsOf(atom: number): readonly [first: bigint, last: bigint];
}

/**
 * Gives the values from 0 to `last`, cut into atoms before each boundary. Boundaries may repeat and stand in any order; those beyond `last`
 * cut nothing.
 *
 * @example
 * makeAxis([80n, 81n], 65535n).boundsOf(1) // [80n, 80n]; atom 0 is 0–79, and atom 2 is 81–65535
 */
export function makeAxis(boundaries: Iterable<bigint>, last: bigint): Axis {
  return last <= BigInt(Number.MAX_SAFE_INTEGER) ? makeNarrowAxis(boundaries, last) : makeWideAxis(boundaries, last);
}

/** Values of which each is a number of JavaScript: all but addresses of IPv6. */
function makeNarrowAxis(boundaries: Iterable<bigint>, last: bigint): Axis {
  const sorted = Float64Array.from([0n, ...boundaries], Number).sort();
  const starts = sorted.filter((start, i) => start !== sorted[i - 1] && start <= Number(last));
  return {
    size: starts.length,
    atomOf: (value) => findAtom(starts, Number(value)),
    boundsOf: (atom) => [BigInt(starts[atom] ?? 0), BigInt(starts[atom + 1] ?? Number(last) + 1) - 1n],
  };
}

function makeWideAxis(boundaries: Iterable<bigint>, last: bigint): Axis {
  const starts = [...new Set([0n, ...boundaries])]
    .filter((start) => start <= last)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    size: starts.length,
    atomOf: (value) => findAtom(starts, value),
    boundsOf: (atom) => [starts[atom] ?? 0n, (starts[atom + 1] ?? last + 1n) - 1n],
  };
}

/** Gives the last place at which a value is not below what stands there. */
function findAtom<T extends bigint | number>(starts: ArrayLike<T>, value: T): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as T) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Gives the atoms that make up some ranges: `[[1, 1]]` for port 80 above. The axis must have been cut at the ranges' ends. */
export function toAtoms(axis: Axis, ranges: ValueRanges): Intervals {
  return ranges.map(([first, last]) => [axis.atomOf(first), axis.atomOf(last)] as const);
}

/** Gives the boundaries that some ranges make: the first value of each, and the one behind its last: `[80n, 81n]` for `[[80n, 80n]]`. */
export function boundariesOf(ranges: ValueRanges): readonly bigint[] {
  return ranges.flatMap(([first, last]) => [first, last + 1n]);
}
