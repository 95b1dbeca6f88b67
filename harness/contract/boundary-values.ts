import { addressBits, type Family, renderAddress } from "../model/address.ts";
import { canBeElsewhere } from "../model/elsewhere.ts";
import { MAX_ID, MAX_PORT, type SandboxAddresses } from "../model/pod.ts";
import type { ValueRanges } from "../model/value-ranges.ts";

/**
 * Gives the ports at which ranges begin and end, and the neighbours outside, ascending, within 1–65535.
 *
 * @example
 * portBoundaries([[80n, 80n]])   // [79, 80, 81]
 */
export function portBoundaries(ranges: ValueRanges): readonly number[] {
  return boundaries(ranges, 1n, BigInt(MAX_PORT)).map(Number);
}

/**
 * Gives the ids at which ranges begin and end, and the neighbours outside, ascending, within what a process can have (0–4294967294).
 *
 * @example
 * idBoundaries([[1337n, 1337n]])   // [1336, 1337, 1338]
 */
export function idBoundaries(ranges: ValueRanges): readonly number[] {
  return boundaries(ranges, 0n, BigInt(MAX_ID)).map(Number);
}

/**
 * Gives the first id of each range, once.
 *
 * @example
 * firstIds([[1337n, 1337n], [2000n, 2010n]])   // [1337, 2000]
 */
export function firstIds(ranges: ValueRanges): readonly number[] {
  return [...new Set(ranges.map(([first]) => Number(first)))];
}

function boundaries(ranges: ValueRanges, lowest: bigint, highest: bigint): readonly bigint[] {
  const ends = ranges.flatMap(([first, last]) => [first - 1n, first, last, last + 1n]);
  return [...new Set(ends)]
    .filter((end) => lowest <= end && end <= highest)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Gives the addresses of a family at which ranges begin and end, and the neighbours outside, without those that `upstream` cannot own.
 * Other ranges are not looked at: a neighbour may be in one of them.
 */
export function addressBoundaries(ranges: ValueRanges, family: Family, addresses: SandboxAddresses): readonly string[] {
  const top = (1n << BigInt(addressBits(family))) - 1n;
  return boundaries(ranges, 0n, top)
    .map((end) => renderAddress(family, end))
    .filter((address) => canBeElsewhere(address, family, addresses));
}
