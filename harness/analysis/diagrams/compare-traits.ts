import { LandfallError } from "../../errors.ts";
import type { CompareKey, CompareKeyName, CompareMatch, CompareRange } from "../../model/compare.ts";
import { MAX_ID, MAX_PORT } from "../../model/pod.ts";
import { networkRanges, type ValueRanges } from "../../model/value-ranges.ts";
import type { AxisRanges, Field, SplitRanges } from "./axis-ranges.ts";

/**
 * What a key reads, and so what the diagrams make of it. `flow`: a field that follows from the flow. `packet`, `state`: what a packet
 * carries, or what the kernel keeps about it; where its values are those of flows as well, `axis` says on which axis they lie.
 * `needs` is the protocol without which the key reads nothing.
 */
export type KeyTraits =
  | {
      readonly asks: "flow";
      readonly field: Field;
      readonly axis: AxisRanges["axis"];
      readonly needs: "tcp" | "udp" | null;
    }
  | { readonly asks: "packet" | "state"; readonly axis: AxisRanges["axis"] | null };

const flow = (field: Field, axis: AxisRanges["axis"], needs: "tcp" | "udp" | null = null): KeyTraits => ({
  asks: "flow",
  field,
  axis,
  needs,
});
const PACKET: KeyTraits = { asks: "packet", axis: null };
const STATE: KeyTraits = { asks: "state", axis: null };
// A connection's ends are the flow's, or fixed ones that rules or the stub put in their place.
const END_ADDRESS: KeyTraits = { asks: "state", axis: "addresses" };
const END_PORT: KeyTraits = { asks: "state", axis: "ports" };

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

const LAST = { ids: BigInt(MAX_ID), ports: BigInt(MAX_PORT), addresses: (1n << 128n) - 1n };

/** Gives the values of a key that an element of a comparison holds, as ranges on its axis; the comparison's operator is not applied. */
export function elementRanges(key: CompareKey, range: CompareRange, axis: AxisRanges["axis"]): ValueRanges {
  if ("name" in range) return [];
  const last = range.last < LAST[axis] ? range.last : LAST[axis];
  if (key.mask === null) return range.first <= last ? [[range.first, last]] : [];
  if (range.first !== range.last) throw hasMaskedRange(key);
  if ((range.first & ~key.mask) !== 0n) return [];
  return maskedRanges(key, range.first, axis);
}

/** A number of 32 bits with a mask is a network as addresses of IPv4 are; a port's upper bits are all looked at. */
function maskedRanges(key: CompareKey, value: bigint, axis: AxisRanges["axis"]): ValueRanges {
  const mask = key.mask ?? 0n;
  if (axis === "addresses" && familyOfKey(key) === 6) return networkRanges({ family: 6, value, mask });
  const upper = axis === "ports" ? 0xffff0000n : 0n;
  return networkRanges({ family: 4, value, mask: mask | upper });
}

function hasMaskedRange({ name }: CompareKey): LandfallError {
  const message = `A rule compares bits of ${name} with a range; the analysis does not support that.`;
  return new LandfallError("budget-exceeded", message);
}

const NO_RANGES: readonly SplitRanges[] = [];
const ANY_KEY = () => true;

/**
 * Gives the values at which a comparison may tell flows apart; with `fields` where it reads the flow's own. Given `wants`, only those of
 * the keys that it wants.
 */
export function listCompareRanges(
  match: CompareMatch,
  wants: (traits: KeyTraits) => boolean = ANY_KEY,
): readonly SplitRanges[] {
  return match.keys.flatMap((key, i) => {
    const traits = keyTraits(key);
    const { axis } = traits;
    if (axis === null || !wants(traits)) return NO_RANGES;
    const ranges = match.elements.flatMap((element) => {
      const range = element[i];
      return range === undefined ? [] : elementRanges(key, range, axis);
    });
    return [{ axis, ranges, ...(traits.asks === "flow" ? { fields: [traits.field] } : {}) }];
  });
}

/** Gives the questions about a packet's mark that a comparison asks, as `-m mark` puts them. */
export function listAskedMarks(match: CompareMatch): readonly { readonly value: number; readonly mask: number }[] {
  return match.keys.flatMap((key, i) => {
    if (key.name !== "meta mark") return [];
    const mask = Number(key.mask ?? 0xffffffffn);
    return match.elements.flatMap((element) => {
      const range = element[i];
      if (range === undefined || !("first" in range)) return [];
      const ends = [range.first, range.last, range.first - 1n, range.last + 1n].filter(
        (end) => end >= 0n && end <= 0xffffffffn,
      );
      return [...new Set(ends)].map((end) => ({ value: (Number(end) & mask) >>> 0, mask }));
    });
  });
}
