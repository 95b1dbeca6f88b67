import {
  addressBits,
  addressValue,
  type Family,
  networkHolds,
  parseNetwork,
  prefixMask,
  renderAddress,
} from "../model/address.ts";
import { MAX_ID, MAX_PORT, type SandboxAddresses } from "../model/pod.ts";
import type { ValueRanges } from "../model/value-ranges.ts";

/** Gives the ports at which ranges begin and end, and the neighbours outside, ascending, within 1–65535. */
export function portBoundaries(ranges: ValueRanges): readonly number[] {
  return boundaries(ranges, 1n, BigInt(MAX_PORT)).map(Number);
}

/** Gives the ids at which ranges begin and end, and the neighbours outside, ascending, within what a process can have. */
export function idBoundaries(ranges: ValueRanges): readonly number[] {
  return boundaries(ranges, 0n, BigInt(MAX_ID)).map(Number);
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
  const hosts = Object.values(addresses).map((host) => addressValue(host[family]));
  const onLink = hosts.some((host) => (host & link) === (value & link));
  const never = NEVER_ELSEWHERE[family].some((text) => {
    const network = parseNetwork(text);
    return network !== null && networkHolds(network, value);
  });
  return !onLink && !never;
}
