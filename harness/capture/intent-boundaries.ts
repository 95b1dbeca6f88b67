import {
  addressBits,
  addressValue,
  type Family,
  type Network,
  networkHolds,
  prefixMask,
  renderAddress,
} from "../model/address.ts";
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

/** Networks of which no address can be dialled at `upstream`: this host, loopback, multicast and above; link-local and mapped ones. */
const NEVER_ELSEWHERE: Readonly<Record<Family, readonly string[]>> = {
  4: ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"],
  6: ["::/80", "fe80::/10", "ff00::/8"],
};
/** The sandbox's links are cut from networks at most this long; an address there is a host's own, a broadcast, or no one's. */
const LINK_PREFIX: Readonly<Record<Family, number>> = { 4: 16, 6: 64 };

/** Says whether `upstream` may own an address: it is no loopback or group address, and none of the sandbox's links. */
export function canBeElsewhere(address: string, family: Family, addresses: SandboxAddresses): boolean {
  const value = addressValue(address);
  const link = prefixMask(family, LINK_PREFIX[family]);
  // The pod shares its link with its peers; where it was given another address it is there by a route of its own.
  const { pod, client, upstream, vm } = addresses;
  const hosts = [client, upstream, vm].map((host) => addressValue(host[family]));
  const onLink = address === pod[family] || hosts.some((host) => (host & link) === (value & link));
  const never = networksOf(NEVER_ELSEWHERE[family], family).some((network) => networkHolds(network, value));
  return !onLink && !never;
}
