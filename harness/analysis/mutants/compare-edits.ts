import type { Family, Network } from "../../model/address.ts";
import {
  type CompareKey,
  type CompareKeyName,
  type CompareMatch,
  type CompareOperator,
  type CompareRange,
  PROTOCOL_NUMBERS,
  STATE_BITS,
} from "../../model/compare.ts";
import { POD_INTERFACE } from "../../model/pod.ts";
import { networkRanges } from "../../model/value-ranges.ts";
import { keyTraits } from "../diagrams/compare-traits.ts";
import { editNetwork } from "./network-edits.ts";

/** What each comparison is mistaken for. */
const OPPOSITES = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
  "any-bit": "no-bit",
  "no-bit": "any-bit",
} satisfies Record<CompareOperator, CompareOperator>;

/** What else a rule can read by mistake and compare with the same value. */
const OTHER_KEYS: Partial<Readonly<Record<CompareKeyName, CompareKeyName>>> = {
  "meta skuid": "meta skgid",
  "meta skgid": "meta skuid",
  "tcp sport": "udp sport",
  "tcp dport": "udp dport",
  "udp sport": "tcp sport",
  "udp dport": "tcp dport",
};

/** Protocols and families that are taken for each other, by what reads them. */
const [TCP, UDP] = [BigInt(PROTOCOL_NUMBERS.tcp), BigInt(PROTOCOL_NUMBERS.udp)];
const OTHER_NUMBERS: Partial<Readonly<Record<CompareKeyName, readonly (readonly [bigint, bigint])[]>>> = {
  "meta l4proto": [
    [TCP, UDP],
    [UDP, TCP],
  ],
  "ip protocol": [
    [TCP, UDP],
    [UDP, TCP],
  ],
  "ip6 nexthdr": [
    [TCP, UDP],
    [UDP, TCP],
  ],
  "meta nfproto": [
    [2n, 10n],
    [10n, 2n],
  ],
  "meta protocol": [
    [0x0800n, 0x86ddn],
    [0x86ddn, 0x0800n],
  ],
};

/** Where the values of a key end, by the axis that they lie on. */
const LAST = { ids: 0xfffffffen, ports: 0xffffn, addresses: (1n << 128n) - 1n };
const LAST_MARK = 0xffffffffn;

/**
 * Gives everything a comparison can be mistaken for: turned around, of another key, an element left out, each value moved over a boundary,
 * each network taken for those beside it, and of bits each left out or one added.
 */
export function editCompare(match: CompareMatch): readonly CompareMatch[] {
  // What a named set holds is the table's: an edit makes the set the rule's own.
  const own: CompareMatch = { ...match, set: null };
  const fewer =
    match.elements.length > 1
      ? match.elements.map((_, i) => ({ ...own, elements: match.elements.toSpliced(i, 1) }))
      : [];
  const moved = match.elements.flatMap((element, e) =>
    element.flatMap((range, k) =>
      editValue(range, match.keys[k], match.operator).map((edited) => ({
        ...own,
        elements: match.elements.with(e, element.with(k, edited)),
      })),
    ),
  );
  return [{ ...match, operator: OPPOSITES[match.operator] }, ...editKey(match), ...fewer, ...moved];
}

function editKey(match: CompareMatch): readonly CompareMatch[] {
  const [key, ...others] = match.keys;
  const name = key && OTHER_KEYS[key.name];
  return key && name && others.length === 0 ? [{ ...match, keys: [{ ...key, name }] }] : [];
}

function editValue(
  range: CompareRange,
  key: CompareKey | undefined,
  operator: CompareOperator,
): readonly CompareRange[] {
  if ("name" in range) return [{ name: range.name === "lo" ? POD_INTERFACE : "lo" }];
  if (key === undefined) return [];
  if (operator === "any-bit" || operator === "no-bit") return editBits(range.first, key).map(single);
  const others = OTHER_NUMBERS[key.name];
  if (others !== undefined) return others.flatMap(([from, to]) => (from === range.first ? single(to) : []));
  const family = familyOfKey(key);
  const network = family === null ? null : networkOf(range, family);
  if (family !== null && network !== null) return editNetwork(network, family).flatMap(rangesOf);
  return editRange(range, lastOf(key));
}

const single = (value: bigint): CompareRange => ({ first: value, last: value });

/** Each bit left out where others stay, and of a connection's states another one added. */
function editBits(value: bigint, { name }: CompareKey): readonly bigint[] {
  const bits = Array.from({ length: value.toString(2).length }, (_, i) => 1n << BigInt(i));
  const fewer = bits.filter((bit) => (value & bit) !== 0n && value !== bit).map((bit) => value ^ bit);
  const added = BigInt((value & BigInt(STATE_BITS.new)) === 0n ? STATE_BITS.new : STATE_BITS.established);
  return name === "ct state" && (value & added) === 0n ? [...fewer, value | added] : fewer;
}

function lastOf(key: CompareKey): bigint {
  const { name } = key;
  const { axis } = keyTraits(key);
  if (name.startsWith("ip ") && axis === "addresses") return 0xffffffffn;
  if (axis !== null) return LAST[axis];
  return name.endsWith(" mark") ? LAST_MARK : 0xffn;
}

/** The family of the addresses that a key reads; null for one that reads no addresses, or those of either. */
function familyOfKey(key: CompareKey): Family | null {
  const { name, family } = key;
  if (keyTraits(key).axis !== "addresses") return null;
  if (name.startsWith("ip ") || family === "ip") return 4;
  return name.startsWith("ip6 ") || family === "ip6" ? 6 : null;
}

/** Gives the network that a range is; null for one that is none. */
function networkOf({ first, last }: { readonly first: bigint; readonly last: bigint }, family: Family): Network | null {
  const host = first ^ last;
  const isNetwork = (host & (host + 1n)) === 0n && (first & host) === 0n;
  const whole = family === 4 ? LAST_MARK : LAST.addresses;
  return isNetwork ? { family, value: first, mask: whole ^ host } : null;
}

function rangesOf(network: Network): readonly CompareRange[] {
  return networkRanges(network).map(([first, last]) => ({ first, last }));
}

function editRange(
  { first, last: end }: { readonly first: bigint; readonly last: bigint },
  last: bigint,
): readonly CompareRange[] {
  const moved = [
    [first - 1n, end],
    [first + 1n, end],
    [first, end - 1n],
    [first, end + 1n],
    [first - 1n, end - 1n],
    [first + 1n, end + 1n],
  ] as const;
  return moved.flatMap(([low, high]) => (0n <= low && low <= high && high <= last ? [{ first: low, last: high }] : []));
}
