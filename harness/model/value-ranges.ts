import { LandfallError } from "../errors.ts";
import { addressBits, type Family, type Network } from "./address.ts";

/** Closed ranges of values, as rules name them: `[[80n, 80n], [8000n, 8100n]]`. */
export type ValueRanges = readonly (readonly [first: bigint, last: bigint])[];

/** Gives every address of a family, as one range. */
export function wholeFamily(family: Family): ValueRanges {
  return [[0n, (1n << BigInt(addressBits(family))) - 1n]];
}

/** Says whether some ranges hold a value: `holdsValue([[80n, 443n]], 443)` is true. */
export function holdsValue(ranges: ValueRanges, value: bigint | number): boolean {
  return ranges.some(([first, last]) => first <= value && value <= last);
}

/**
 * Gives the parts of some ranges that are in none of others, in the order of the former.
 *
 * @example
 * subtractRanges([[1n, 100n]], [[22n, 22n]])   // [[1n, 21n], [23n, 100n]]
 */
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

/**
 * Gives the parts of some ranges that are also in others; within each of the two lists, ranges must not overlap.
 *
 * @example
 * intersectRanges([[1n, 100n]], [[80n, 443n]])   // [[80n, 100n]]
 */
export function intersectRanges(one: ValueRanges, other: ValueRanges): ValueRanges {
  return one.flatMap(([a, b]) =>
    other.map(([c, d]) => [a > c ? a : c, b < d ? b : d] as const).filter(([low, high]) => low <= high),
  );
}

/** Ranges that the bits of a mask may have gaps for, at the most; each further gap bit doubles them. */
const GAP_BITS_AT_MOST = 12;

/**
 * Gives the ranges of addresses in a network, rising; a mask with gaps makes several. More than 12 gap bits are `budget-exceeded`.
 *
 * @example
 * networkRanges({ family: 4, value: 0x0a000000n, mask: 0xff000000n })   // [[167772160n, 184549375n]]
 */
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
  const message = `An address mask has more than ${GAP_BITS_AT_MOST} gaps above its lowest set bit; the analysis does not support that.`;
  return new LandfallError("budget-exceeded", message);
}
