import { addressBits, type Family, type Network, prefixLength, prefixMask } from "../../model/address.ts";

/**
 * Gives what a network can be mistaken for: one a bit shorter, one a bit longer (either half), as wide as a first byte alone, and its
 * neighbours of the same size. None for a mask with holes.
 *
 * @example
 * // 10.96.0.0/16: 10.96.0.0/15, 10.0.0.0/8, 10.96.0.0/17, 10.96.128.0/17, 10.95.0.0/16, 10.97.0.0/16
 */
export function editNetwork(network: Network, family: Family): readonly Network[] {
  const length = prefixLength(network);
  if (length === null) return [];
  const bits = addressBits(family);
  const size = 1n << BigInt(bits - length);
  const { value } = network;
  const top = 1n << BigInt(bits);
  const networks = [
    ...(length > 0 ? [networkOf(family, value, length - 1)] : []),
    ...(length > 8 ? [networkOf(family, value, 8)] : []),
    ...(length < bits ? [networkOf(family, value, length + 1), networkOf(family, value + size / 2n, length + 1)] : []),
    ...[value - size, value + size].filter((v) => 0n <= v && v < top).map((v) => networkOf(family, v, length)),
  ];
  const seen = new Set<string>();
  return networks.filter((each) => {
    const key = `${each.value}/${each.mask}`;
    return !seen.has(key) && seen.add(key);
  });
}

function networkOf(family: Family, value: bigint, length: number): Network {
  const mask = prefixMask(family, length);
  return { family, value: value & mask, mask };
}
