import { LandfallError } from "../../errors.ts";
import type { Family } from "../../model/address.ts";
import type { CompareKey, CompareKeyName, CompareMatch, CompareRange } from "../../model/compare.ts";
import { MAX_ID, MAX_PORT } from "../../model/pod.ts";
import { networkRanges, type ValueRanges } from "../../model/value-ranges.ts";
import type { AxisRanges, Field, SplitRanges } from "./axis-ranges.ts";

/**
 * What a key reads, and so what the diagrams make of it: a field that follows from the flow, or, where `field` is null, what a packet
 * carries or what the kernel keeps about it. Where its values are those of flows, `axis` says on which axis they lie. `needs` is the
 * protocol without which the key reads nothing.
 */
export type KeyTraits =
  | { readonly field: Field; readonly axis: AxisRanges["axis"]; readonly needs: "tcp" | "udp" | null }
  | { readonly field: null; readonly axis: AxisRanges["axis"] | null };

const flow = (field: Field, axis: AxisRanges["axis"], needs: "tcp" | "udp" | null = null): KeyTraits => ({
  field,
  axis,
  needs,
});
const PACKET: KeyTraits = { field: null, axis: null };
const STATE: KeyTraits = { field: null, axis: null };
// A connection's ends are the flow's, or fixed ones that rules or the stub put in their place.
const END_ADDRESS: KeyTraits = { field: null, axis: "addresses" };
const END_PORT: KeyTraits = { field: null, axis: "ports" };

/** One entry a key: a key without one does not compile. */
const KEY_TRAITS = {
  "meta l4proto": PACKET,
  "meta nfproto": PACKET,
  "meta protocol": PACKET,
  "meta iifname": PACKET,
  "meta oifname": PACKET,
  "meta iif": PACKET,
  "meta oif": PACKET,
  "meta skuid": flow("uid", "ids"),
  "meta skgid": flow("gid", "ids"),
  "meta mark": STATE,
  "ct state": STATE,
  "ct status": STATE,
  "ct direction": STATE,
  "ct mark": STATE,
  "ct zone": STATE,
  "ct l3proto": STATE,
  "ct protocol": STATE,
  "ct saddr": END_ADDRESS,
  "ct daddr": END_ADDRESS,
  "ct proto-src": END_PORT,
  "ct proto-dst": END_PORT,
  "ip saddr": flow("source", "addresses"),
  "ip daddr": flow("destination", "addresses"),
  "ip protocol": PACKET,
  "ip ttl": STATE,
  "ip6 saddr": flow("source", "addresses"),
  "ip6 daddr": flow("destination", "addresses"),
  "ip6 nexthdr": PACKET,
  "ip6 hoplimit": STATE,
  "tcp sport": flow("source-port", "ports", "tcp"),
  "tcp dport": flow("destination-port", "ports", "tcp"),
  "tcp flags": PACKET,
  "udp sport": flow("source-port", "ports", "udp"),
  "udp dport": flow("destination-port", "ports", "udp"),
  "th sport": flow("source-port", "ports"),
  "th dport": flow("destination-port", "ports"),
  "icmp type": PACKET,
  "icmpv6 type": PACKET,
  "fib saddr type": PACKET,
  "fib daddr type": PACKET,
  "fib saddr oif": PACKET,
  "socket transparent": STATE,
  "socket wildcard": STATE,
} satisfies Record<CompareKeyName, KeyTraits>;

/** Gives what a key reads. */
export function keyTraits({ name }: CompareKey): KeyTraits {
  return KEY_TRAITS[name];
}

/**
 * Gives the family whose packets alone have what a key reads, null where both may have it; `ct original ip daddr` says its own.
 */
export function familyOfKey({ name, family }: CompareKey): 4 | 6 | null {
  if (family !== null) return family === "ip" ? 4 : 6;
  if (name.startsWith("ip6 ")) return 6;
  return name.startsWith("ip ") ? 4 : null;
}

/** What lies behind these has no place on an axis: no flow has the id 4294967295. */
const LAST = { ids: MAX_ID, ports: MAX_PORT, addresses: Number.POSITIVE_INFINITY };

/** Where a key stands that is asked for its values. */
interface KeyPlace {
  readonly axis: AxisRanges["axis"];
  /** Of the rule set: whose addresses a key reads that does not say it. */
  readonly family: Family;
}

/** Gives the values of a key that an element of a comparison holds, as ranges on its axis; the comparison's operator is not applied. */
export function elementRanges(key: CompareKey, range: CompareRange, place: KeyPlace): ValueRanges {
  const { mask } = key;
  const numbers = numbersOf(range);
  const held = mask === null ? numbers : numbers.flatMap((one) => maskedRanges(key, mask, one, place));
  return held.filter(([first, last]) => first <= last && first <= LAST[place.axis]);
}

function maskedRanges(
  key: CompareKey,
  mask: bigint,
  [value, last]: ValueRanges[number],
  { axis, family }: KeyPlace,
): ValueRanges {
  if (value !== last) throw hasMaskedRange(key);
  if ((value & ~mask) !== 0n) return [];
  if (axis === "addresses") return networkRanges({ family: familyOfKey(key) ?? family, value, mask });
  // A number of 32 bits with a mask is a network as addresses of IPv4 are; a port's upper bits are all looked at.
  return networkRanges({ family: 4, value, mask: axis === "ports" ? mask | 0xffff0000n : mask });
}

function numbersOf(range: CompareRange): ValueRanges {
  return "name" in range ? [] : [[range.first, range.last]];
}

function hasMaskedRange({ name }: CompareKey): LandfallError {
  const message = `A rule compares bits of ${name} with a range; the analysis does not support that.`;
  return new LandfallError("budget-exceeded", message);
}

/**
 * Gives the values at which a comparison of a family's rule set may tell flows apart; with `fields` where it reads the flow's own. Given
 * `wants`, only those of the keys that it wants.
 */
export function listCompareRanges(
  match: CompareMatch,
  family: Family,
  wants: (traits: KeyTraits, key: CompareKey) => boolean = () => true,
): readonly SplitRanges[] {
  return match.keys.flatMap((key, i) => {
    const traits = keyTraits(key);
    const { axis, field } = traits;
    if (axis === null || !wants(traits, key)) return [];
    const ranges = listElements(match, i).flatMap((range) => elementRanges(key, range, { axis, family }));
    return [{ axis, ranges, fields: field === null ? [] : [field] }];
  });
}

/** Gives what the elements of a comparison hold for one of its keys. */
function listElements({ elements }: CompareMatch, key: number): readonly CompareRange[] {
  return elements.flatMap((element) => element.slice(key, key + 1));
}

const LAST_MARK = 0xffffffffn;

/** Gives the questions about a packet's mark that a comparison asks, as `-m mark` puts them. */
export function listAskedMarks(match: CompareMatch): readonly { readonly value: number; readonly mask: number }[] {
  return match.keys.flatMap((key, i) => {
    if (key.name !== "meta mark") return [];
    const mask = Number(key.mask ?? LAST_MARK);
    return listElements(match, i)
      .flatMap(numbersOf)
      .flatMap(([first, last]) => {
        const ends = [first, last, first - 1n, last + 1n].filter((end) => end >= 0n && end <= LAST_MARK);
        return [...new Set(ends)].map((end) => ({ value: (Number(end) & mask) >>> 0, mask }));
      });
  });
}
