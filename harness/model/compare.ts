/**
 * What an expression of nftables reads of a packet (nft(8), PRIMARY EXPRESSIONS, PAYLOAD EXPRESSIONS), by the words of its text:
 * `meta skuid`, `ip daddr`. Keys that are not here are kept as text, and their truth is unknown.
 */
export type CompareKeyName =
  | "meta l4proto"
  | "meta nfproto"
  | "meta protocol"
  | "meta iifname"
  | "meta oifname"
  | "meta iif"
  | "meta oif"
  | "meta skuid"
  | "meta skgid"
  | "meta mark"
  | "ct state"
  | "ct status"
  | "ct direction"
  | "ct mark"
  | "ct zone"
  | "ct l3proto"
  | "ct protocol"
  | "ct saddr"
  | "ct daddr"
  | "ct proto-src"
  | "ct proto-dst"
  | "ip saddr"
  | "ip daddr"
  | "ip protocol"
  | "ip ttl"
  | "ip6 saddr"
  | "ip6 daddr"
  | "ip6 nexthdr"
  | "ip6 hoplimit"
  | "tcp sport"
  | "tcp dport"
  | "tcp flags"
  | "udp sport"
  | "udp dport"
  | "th sport"
  | "th dport"
  | "icmp type"
  | "icmpv6 type"
  | "fib saddr type"
  | "fib daddr type"
  | "fib saddr oif"
  | "socket transparent"
  | "socket wildcard";

/** One end of a tracked connection: as its first packet named it, or as answers name it, which NAT changes. */
export type ConnectionEnd = "original-source" | "original-destination" | "reply-source" | "reply-destination";

/** What is read, and which of its bits are looked at. */
export interface CompareKey {
  readonly name: CompareKeyName;
  /** Of `ct original saddr` and the like, which direction's end is meant; null for every other key. */
  readonly direction: "original" | "reply" | null;
  /** Whose addresses: of `ct original ip daddr` and `ct original ip6 daddr`; null for every other key, and where it is not said. */
  readonly family: "ip" | "ip6" | null;
  /** The device that `fib daddr . iif type` and `fib saddr . iif oif` look at; null without one. */
  readonly device: "iif" | "oif" | null;
  /** Bits that are compared, as in `meta mark & 0xff`; null for all of them. */
  readonly mask: bigint | null;
}

/** Values of one key, both ends included; or an interface's name, of which a trailing `*` stands for any ending. */
export type CompareRange = { readonly first: bigint; readonly last: bigint } | { readonly name: string };

/** One value for each key, in the keys' order. */
export type CompareElement = readonly CompareRange[];

/**
 * How what is read is compared. `any-bit`: it has at least one bit of the value (`ct state new,related`); `no-bit`: it has none
 * (`tcp flags ! syn`). Of a set of several elements it is `==` (in the set) or `!=` (in none of its elements).
 */
export type CompareOperator = "==" | "!=" | "<" | ">" | "<=" | ">=" | "any-bit" | "no-bit";

/**
 * A comparison of nftables: `meta skuid 1337`, `ip daddr . tcp dport { 10.0.0.1 . 80 }`. A packet that lacks what a key reads does not
 * match, whatever the operator (`NFT_BREAK` in the kernel's expressions): one without a socket matches neither `meta skuid 0` nor
 * `meta skuid != 0`, which is not so with `-m owner`.
 *
 * @example tcp dport { 80, 443 }
 * { kind: "compare", keys: [{ name: "tcp dport", direction: null, family: null, device: null, mask: null }], operator: "==",
 *   elements: [[{ first: 80n, last: 80n }], [{ first: 443n, last: 443n }]], set: null }
 */
export interface CompareMatch {
  readonly kind: "compare";
  /** More than one: a concatenation. */
  readonly keys: readonly CompareKey[];
  readonly operator: CompareOperator;
  readonly elements: readonly CompareElement[];
  /** The name of the table's set that holds the elements; null for a value or an anonymous set. */
  readonly set: string | null;
}

/**
 * Gives a key without direction, device or mask, but for what `extra` names.
 *
 * @example
 * makeKey("tcp dport")   // { name: "tcp dport", direction: null, family: null, device: null, mask: null }
 */
export function makeKey(name: CompareKeyName, extra: Partial<CompareKey> = {}): CompareKey {
  return { name, direction: null, family: null, device: null, mask: null, ...extra };
}

/** Gives the end of a connection that a key reads, `original-source` of `ct original saddr`; null for a key that reads none. */
export function connectionEnd({ name, direction }: CompareKey): ConnectionEnd | null {
  if (direction === null) return null;
  return `${direction}-${name.endsWith("saddr") || name.endsWith("src") ? "source" : "destination"}`;
}

/** Gives direction and side of a connection's end: `splitEnd("original-source")` is `{ direction: "original", side: "source" }`. */
export function splitEnd(end: ConnectionEnd): {
  readonly direction: "original" | "reply";
  readonly side: "source" | "destination";
} {
  return {
    direction: end.startsWith("reply") ? "reply" : "original",
    side: end.endsWith("source") ? "source" : "destination",
  };
}

/** The bits of `ct state` (`NF_CT_STATE_BIT` in include/uapi/linux/netfilter/nf_conntrack_common.h). */
export const STATE_BITS = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 } as const;

/** The bits of `ct status` (`enum ip_conntrack_status` in include/uapi/linux/netfilter/nf_conntrack_common.h). */
export const STATUS_BITS = {
  expected: 1,
  "seen-reply": 2,
  assured: 4,
  confirmed: 8,
  snat: 16,
  dnat: 32,
  dying: 512,
} as const;

/** The numbers of transport protocols that nft prints by name in `meta l4proto` (/etc/protocols). */
export const PROTOCOL_NUMBERS = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  "ipv6-icmp": 58,
  comp: 108,
  sctp: 132,
  udplite: 136,
  dccp: 33,
} as const;

/** The types that the routing table gives addresses, as `fib daddr type` has them (`RTN_*` in include/uapi/linux/rtnetlink.h). */
export const FIB_TYPES = {
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
} as const;
