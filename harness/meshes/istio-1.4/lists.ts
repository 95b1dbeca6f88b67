import { addressValue, type Family, type Network, networkHolds, parseNetwork } from "../../model/address.ts";
import { isIpv6Pod } from "../../model/capture.ts";
import type { Range } from "../../model/match.ts";
import { isOwnInterface, loopbackAddress, MAX_PORT } from "../../model/pod.ts";
import { networkRanges, subtractRanges, wholeFamily } from "../../model/value-ranges.ts";
import type { CaptureConfig } from "./config.ts";

/** Gives the range that a list's entry stands for: `"80"` is 80–80, `"8000:8100"` and `"1000-2000"` both ends included. */
export function entryRange(entry: string): Range {
  const [first = Number.NaN, last = first] = entry.split(/[:-]/).map(Number);
  return { first, last };
}

/** Says whether a list of ports or ids holds a number; `*` holds every one. */
export function listHolds(list: "*" | readonly string[], number: number): boolean {
  if (list === "*") return true;
  return list.map(entryRange).some(({ first, last }) => first <= number && number <= last);
}

/** Gives a list's networks of one family; entries of the other one say nothing about this family. */
function networksOf(ranges: readonly string[], family: Family): readonly Network[] {
  return ranges.map((range) => parseNetwork(range)).filter((network): network is Network => network?.family === family);
}

/** Says whether a list of networks holds an address; `*` holds every one. */
export function rangesHold(ranges: "*" | readonly string[], address: string, family: Family): boolean {
  if (ranges === "*") return true;
  return networksOf(ranges, family).some((network) => networkHolds(network, addressValue(address)));
}

/**
 * Gives why nothing of what is included outbound is captured: every address or port of it is excluded, it is the loopback address alone, or
 * none is of the pod's family. Null where something is. What virtual machines send is captured whatever is excluded.
 */
export function findOutboundVoid(config: CaptureConfig): "excluded" | "loopback" | "other-family" | null {
  const { outboundIpRangesInclude: included, outboundIpRangesExclude, outboundPortsExclude } = config;
  if (config.kubevirtInterfaces.some((name) => !isOwnInterface(name)) || included.length === 0) return null;
  const family = isIpv6Pod(config) ? 6 : 4;
  const rangesOf = (list: readonly string[]) => networksOf(list, family).flatMap(networkRanges);
  const addresses = included === "*" ? wholeFamily(family) : rangesOf(included);
  if (addresses.length === 0) return "other-family";
  const own = addressValue(loopbackAddress(family));
  const elsewhere = subtractRanges(addresses, [[own, own]]);
  if (elsewhere.length === 0) return "loopback";
  const ports = outboundPortsExclude.map(entryRange).map(({ first, last }) => [BigInt(first), BigInt(last)] as const);
  const left = [
    subtractRanges(elsewhere, rangesOf(outboundIpRangesExclude)),
    subtractRanges([[1n, BigInt(MAX_PORT)]], ports),
  ];
  return left.some((ranges) => ranges.length === 0) ? "excluded" : null;
}
