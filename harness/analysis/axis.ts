import { LandfallError } from "../errors.ts";
import { addressBits, type Family, type Network } from "../model/address.ts";
import type { Intervals } from "./intervals.ts";

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

/** Cuts 0 … `last` before each boundary. Boundaries may repeat and stand in any order; those beyond `last` cut nothing. */
export function makeAxis(boundaries: Iterable<bigint>, last: bigint): Axis {
  const starts = [...new Set([0n, ...boundaries])]
    .filter((start) => start <= last)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const atoms = new Map(starts.map((start, atom) => [start, atom]));
  return {
    size: starts.length,
    atomOf: (value) => atoms.get(value) ?? findAtom(starts, value),
    boundsOf: (atom) => [starts[atom] ?? 0n, (starts[atom + 1] ?? last + 1n) - 1n],
  };
}

function findAtom(starts: readonly bigint[], value: bigint): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as bigint) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Closed ranges of values, as rules name them. */
export type ValueRanges = readonly (readonly [first: bigint, last: bigint])[];

/** Gives every address of a family, as one range. */
export function wholeFamily(family: Family): ValueRanges {
  return [[0n, (1n << BigInt(addressBits(family))) - 1n]];
}

/** Gives the atoms that make up some ranges; the axis must have been cut at their ends. */
export function toAtoms(axis: Axis, ranges: ValueRanges): Intervals {
  return ranges.map(([first, last]) => [axis.atomOf(first), axis.atomOf(last)] as const);
}

/** Gives the boundaries that some ranges make: their first values, and the values behind their last. */
export function boundariesOf(ranges: ValueRanges): readonly bigint[] {
  return ranges.flatMap(([first, last]) => [first, last + 1n]);
}

/** Says whether some ranges hold a value. */
export function holdsValue(ranges: ValueRanges, value: bigint | number): boolean {
  return ranges.some(([first, last]) => first <= value && value <= last);
}

/** Gives what of some ranges is in none of others. */
export function subtractRanges(from: ValueRanges, taken: ValueRanges): ValueRanges {
  return taken.reduce<ValueRanges>(
    (rest, [first, last]) =>
      rest.flatMap(([a, b]) => {
        if (last < a || first > b) return [[a, b] as const];
        return [[a, first - 1n] as const, [last + 1n, b] as const].filter(([low, high]) => low <= high);
      }),
    from,
  );
}

/** Gives what of some ranges is in others too; neither may overlap itself. */
export function intersectRanges(one: ValueRanges, other: ValueRanges): ValueRanges {
  return one.flatMap(([a, b]) =>
    other.map(([c, d]) => [a > c ? a : c, b < d ? b : d] as const).filter(([low, high]) => low <= high),
  );
}

/** Ranges that the bits of a mask may have gaps for, at the most; each further gap bit doubles them. */
const GAP_BITS_AT_MOST = 12;

/** Gives the ranges of addresses in a network, rising; a mask with gaps makes several. */
export function networkRanges({ family, value, mask }: Network): ValueRanges {
  const bits = addressBits(family);
  const hostBits = ((1n << BigInt(bits)) - 1n) ^ mask;
  if ((hostBits & (hostBits + 1n)) === 0n) return [[value, value + hostBits]];
  const free = Array.from({ length: bits }, (_, bit) => BigInt(bit)).filter((bit) => (mask >> bit) % 2n === 0n);
  const tail = free.findIndex((bit, i) => bit !== BigInt(i));
  const gaps = tail < 0 ? [] : free.slice(tail);
  const width = (1n << BigInt(tail < 0 ? free.length : tail)) - 1n;
  if (gaps.length > GAP_BITS_AT_MOST) throw tooManyGaps();
  let firsts: readonly bigint[] = [value];
  for (const bit of gaps) firsts = [...firsts, ...firsts.map((sum) => sum + (1n << bit))];
  return firsts.map((first) => [first, first + width] as const);
}

function tooManyGaps(): LandfallError {
  const message = `An address mask has more than ${GAP_BITS_AT_MOST} free bits above its lowest set one; the analysis cannot take it apart.`;
  return new LandfallError("budget-exceeded", message);
}
