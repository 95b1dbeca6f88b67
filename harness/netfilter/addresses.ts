import { type Network, networkHolds, prefixLength } from "../model/address.ts";
import type { KnownAddress } from "./address-book.ts";
import type { Packet } from "./packet.ts";

/**
 * Says whether a packet's address is in a network. An address that the kernel chooses from a range is in what holds the whole range, and
 * not in what holds nothing of it; in between it is a question.
 */
export function isInNetwork(address: KnownAddress, network: Network, packet: Packet): boolean {
  if (address.last === address.value) return networkHolds(network, address.value);
  const end = network.value + (((1n << BigInt(address.family === 4 ? 32 : 128)) - 1n) ^ network.mask);
  const hasGaps = prefixLength(network) === null;
  return !hasGaps && network.value <= address.value && address.last <= end
    ? true
    : asksPart(address, network.value, end, packet);
}

/** Says whether a packet's address is in a range, both ends included; see {@link isInNetwork}. */
export function isInRange(address: KnownAddress, first: bigint, end: bigint, packet: Packet): boolean {
  if (first <= address.value && address.last <= end) return true;
  return address.last === address.value ? false : asksPart(address, first, end, packet);
}

function asksPart({ value, last, text }: KnownAddress, first: bigint, end: bigint, { walk }: Packet): boolean {
  if (last < first || value > end) return false;
  return walk.oracle.ask(`which address of ${text} the kernel chooses`);
}
