import { addressValue, type Family, type Network, networkHolds, parseNetwork } from "../../model/address.ts";
import type { Range } from "../../model/match.ts";

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
