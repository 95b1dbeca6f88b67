import { addressBits, type Family, type Network, renderAddress } from "../model/address.ts";
import { canBeElsewhere } from "../model/elsewhere.ts";
import { MAX_ID, MAX_PORT, type SandboxAddresses } from "../model/pod.ts";
import { entryRange, networksOf } from "./intent-lists.ts";

/** Gives the ports at which a list changes its mind: each entry's ends and the neighbours outside, ascending, within 1–65535. */
export function portBoundaries(entries: readonly string[]): readonly number[] {
  return boundaries(entries, 1, MAX_PORT);
}

/** Gives the ids at which a list of uids or gids changes its mind, ascending, within what a process can have. */
export function idBoundaries(entries: readonly string[]): readonly number[] {
  return boundaries(entries, 0, MAX_ID);
}

function boundaries(entries: readonly string[], lowest: number, highest: number): readonly number[] {
  const ends = entries.map(entryRange).flatMap(({ first, last }) => [first - 1, first, last, last + 1]);
  return [...new Set(ends)].filter((end) => lowest <= end && end <= highest).sort((a, b) => a - b);
}

/**
 * Gives the addresses of a family at which a list of networks changes its mind: each one's first and last address and the neighbours
 * outside, without those that `upstream` cannot own. The other entries of the list are not looked at: a neighbour may be in one of them.
 */
export function addressBoundaries(
  ranges: readonly string[],
  family: Family,
  addresses: SandboxAddresses,
): readonly string[] {
  const top = (1n << BigInt(addressBits(family))) - 1n;
  const ends = networksOf(ranges, family).flatMap((network) => {
    const { first, last } = edgesOf(network);
    return [first - 1n, first, last, last + 1n];
  });
  return [...new Set(ends)]
    .filter((end) => 0n <= end && end <= top)
    .map((end) => renderAddress(family, end))
    .filter((address) => canBeElsewhere(address, family, addresses));
}

/** First and last address; of a mask with holes those that the mask's fixed bits allow. */
function edgesOf({ family, value, mask }: Network): { readonly first: bigint; readonly last: bigint } {
  const hostBits = ((1n << BigInt(addressBits(family))) - 1n) ^ mask;
  return { first: value, last: value | hostBits };
}
