import {
  type CompareKey,
  type CompareKeyName,
  connectionEnd,
  FIB_TYPES,
  PROTOCOL_NUMBERS,
  STATE_BITS,
  STATUS_BITS,
} from "../model/compare.ts";
import type { Owner } from "../model/pod.ts";
import type { KnownAddress } from "./address-book.ts";
import { findType } from "./address-type.ts";
import { endOf, hasStatus, portOfEnd } from "./connection-match.ts";
import type { Entry } from "./entry.ts";
import { bytesOfIcmp, typeOfIcmp } from "./icmp-readers.ts";
import { settleMaker } from "./maker.ts";
import type { Oracle } from "./oracle.ts";
import { hasPorts, hasTemplateOnly, noteTemplate, type Packet, stateOf } from "./packet.ts";
import { findDemuxed, findTaker } from "./socket-match.ts";

/**
 * What a key reads: a number, an interface's name (empty where a hook has none), an end that the kernel may choose from a range, or the
 * name of what is not known.
 */
export type KeyReading =
  | bigint
  | string
  | { readonly port: number }
  | { readonly address: KnownAddress }
  | { readonly unread: string };

/** Reads a key of a packet; null where the packet lacks it, which ends the rule. `asked` has the bits that are looked at. */
export type Read = (packet: Packet, key: CompareKey, asked: bigint) => KeyReading | null;

/** What the kernel calls IPv4 and IPv6 in `meta nfproto` (include/uapi/linux/netfilter.h) and `meta protocol` (uapi/linux/if_ether.h). */
const NFPROTO = { 4: 2n, 6: 10n } as const;
const ETHERTYPE = { 4: 0x0800n, 6: 0x86ddn } as const;
const protocolOf = ({ protocol }: Packet) => BigInt(PROTOCOL_NUMBERS[protocol]);
const ofFamily =
  (family: 4 | 6, read: Read): Read =>
  (packet, key, asked) =>
    packet.family === family ? read(packet, key, asked) : null;
const ofProtocol =
  (protocol: string, read: Read): Read =>
  (packet, key, asked) =>
    packet.protocol === protocol ? read(packet, key, asked) : null;
const ofEntry =
  (read: (entry: Entry, packet: Packet, key: CompareKey, asked: bigint) => KeyReading | null): Read =>
  (packet, key, asked) => {
    noteTemplate(packet);
    return packet.entry === null ? null : read(packet.entry, packet, key, asked);
  };
/** A template is of the first direction, and of no protocol of either layer (nf_ct_tmpl_alloc leaves its tuples empty). */
const orOfTemplate =
  (ofTemplate: bigint, read: Read): Read =>
  (packet, key, asked) =>
    hasTemplateOnly(packet) ? ofTemplate : read(packet, key, asked);
const sourcePort: Read = ({ sourcePort: port }) => ({ port });
const destinationPort: Read = ({ destinationPort: port }) => ({ port });
/** What a sandbox's network is like: asked once of an oracle, for all packets and connections of a flow. */
const ROUTED = new WeakMap<Oracle, boolean>();

/** A sandbox of namespaces routes by way of upstream, one of containers has all hosts on one link. */
const hopLimit: Read = ({ hopLimit: hops, crossedUpstream, walk }) => {
  if (!crossedUpstream) return BigInt(hops);
  const isRouted = ROUTED.get(walk.oracle) ?? walk.oracle.ask("whether a router stands between client and pod");
  ROUTED.set(walk.oracle, isRouted);
  return BigInt(isRouted ? hops - 1 : hops);
};

/** One entry a key: a key without one does not compile. Sources: nft_meta.c, nft_ct.c, nft_payload.c, nft_fib.c, nft_socket.c. */
export const READERS = {
  "meta l4proto": protocolOf,
  "meta nfproto": ({ family }) => NFPROTO[family],
  "meta protocol": ({ family }) => ETHERTYPE[family],
  "meta iifname": (packet) => packet.in,
  "meta oifname": (packet) => packet.out,
  "meta iif": (packet) => packet.in,
  "meta oif": (packet) => packet.out,
  "meta skuid": (packet) => idOf(packet, "uid"),
  "meta skgid": (packet) => idOf(packet, "gid"),
  "meta mark": ({ mark }) => BigInt(mark),
  "ct state": (packet) => BigInt(STATE_BITS[stateOf(packet).toLowerCase() as keyof typeof STATE_BITS] ?? 0),
  "ct status": ofEntry((entry, packet, _, asked) => statusOf(entry, packet, asked)),
  "ct direction": orOfTemplate(
    0n,
    ofEntry((_, { direction }) => (direction === "original" ? 0n : 1n)),
  ),
  "ct mark": ofEntry(({ mark }) => BigInt(mark)),
  "ct zone": ofEntry(({ zones }, { direction }) => BigInt(zones[direction])),
  "ct l3proto": orOfTemplate(
    0n,
    ofEntry((_, { family }) => NFPROTO[family]),
  ),
  // An ICMP error belongs to the connection of what it quotes.
  "ct protocol": orOfTemplate(
    0n,
    ofEntry(({ protocol }) => BigInt(PROTOCOL_NUMBERS[protocol])),
  ),
  "ct saddr": ofEntry(readAddressOfEnd),
  "ct daddr": ofEntry(readAddressOfEnd),
  "ct proto-src": ofEntry(readPortOfEnd),
  "ct proto-dst": ofEntry(readPortOfEnd),
  "ip saddr": ofFamily(4, ({ source: address }) => ({ address })),
  "ip daddr": ofFamily(4, ({ destination: address }) => ({ address })),
  "ip protocol": ofFamily(4, protocolOf),
  "ip ttl": ofFamily(4, hopLimit),
  "ip6 saddr": ofFamily(6, ({ source: address }) => ({ address })),
  "ip6 daddr": ofFamily(6, ({ destination: address }) => ({ address })),
  "ip6 nexthdr": ofFamily(6, protocolOf),
  "ip6 hoplimit": ofFamily(6, hopLimit),
  "tcp sport": ofProtocol("tcp", sourcePort),
  "tcp dport": ofProtocol("tcp", destinationPort),
  "tcp flags": ofProtocol("tcp", ({ flags }) => BigInt(flags)),
  "udp sport": ofProtocol("udp", sourcePort),
  "udp dport": ofProtocol("udp", destinationPort),
  "th sport": (packet, key) => (hasPorts(packet) ? sourcePort(packet, key, 0n) : bytesOfIcmp(packet)),
  "th dport": (packet, key) => (hasPorts(packet) ? destinationPort(packet, key, 0n) : bytesOfIcmp(packet)),
  "icmp type": ofProtocol("icmp", typeOfIcmp),
  "icmpv6 type": ofProtocol("ipv6-icmp", typeOfIcmp),
  "fib saddr type": (packet, key) => typeOf(packet, packet.source, key),
  "fib daddr type": (packet, key) => typeOf(packet, packet.destination, key),
  "fib saddr oif": readReversePath,
  "socket transparent": (packet) => {
    const taker = findTaker(packet);
    return taker === null ? null : taker.socket.mode === "transparent" ? 1n : 0n;
  },
  "socket wildcard": (packet) => {
    const taker = findTaker(packet);
    return taker === null || taker.kind === "request" ? null : taker.kind === "listener" ? 1n : 0n;
  },
} satisfies Record<CompareKeyName, Read>;

/**
 * `meta skuid` reads the packet's socket (nft_meta_get_eval_skugid). A packet that was received has one from the hook input on, where early
 * demux has found it before a route is chosen: not on lo, where the route is there already (ip_rcv_finish_core, ip6_rcv_finish_core).
 */
function idOf(packet: Packet, id: keyof Owner): bigint | null {
  if (packet.in !== "") {
    const demuxed = packet.hook === "input" && packet.in !== "lo" ? findDemuxed(packet) : null;
    return demuxed === null ? null : BigInt(demuxed.owner[id]);
  }
  const maker = settleMaker(packet);
  return typeof maker === "string" ? null : BigInt(maker[id]);
}

function statusOf(entry: Entry, packet: Packet, asked: bigint): bigint {
  const isOn = {
    expected: false,
    "seen-reply": hasStatus("SEEN_REPLY", entry, packet),
    assured: (asked & BigInt(STATUS_BITS.assured)) !== 0n && hasStatus("ASSURED", entry, packet),
    confirmed: hasStatus("CONFIRMED", entry, packet),
    snat: entry.natSource === "in-effect",
    dnat: entry.natDestination === "in-effect",
    // A reset before any reply takes its own connection out of the table, and passes the hooks with it (nf_ct_kill_acct).
    dying: entry.confirmation === "confirmed" && !packet.walk.entries.includes(entry),
  } satisfies Record<keyof typeof STATUS_BITS, boolean>;
  return Object.entries(STATUS_BITS).reduce(
    (bits, [name, bit]) => (isOn[name as keyof typeof STATUS_BITS] ? bits | BigInt(bit) : bits),
    0n,
  );
}

/** `ct original ip6 daddr` of an IPv4 connection reads nothing (nft_ct_get_eval compares the families). */
function readAddressOfEnd(entry: Entry, { family }: Packet, key: CompareKey): KeyReading | null {
  const end = connectionEnd(key);
  if (end === null || (key.family !== null && (key.family === "ip") !== (family === 4))) return null;
  return { address: endOf(entry, end).address };
}

function readPortOfEnd(entry: Entry, _: Packet, key: CompareKey): KeyReading | null {
  const end = connectionEnd(key);
  return end === null ? null : { port: portOfEnd(entry, end) };
}

function typeOf({ in: input, out, walk }: Packet, address: KnownAddress, { device }: CompareKey): KeyReading {
  const name = device === null ? null : device === "iif" ? input : out;
  const type = findType(address, name, walk.pod).toLowerCase();
  return BigInt(FIB_TYPES[type as keyof typeof FIB_TYPES] ?? 0);
}

/**
 * Whether the route to the packet's source leaves by the interface that it came in by (nft_fib4_eval, nft_fib6_eval). What came over lo
 * always has one in prerouting; the pod's own addresses have none elsewhere. In input, Linux passes the look-up over for more packets since
 * 6.16: what came over lo, and what early demux has found a connection for (`nft_fib_can_skip` in include/net/netfilter/nft_fib.h). Where
 * that changes the answer, it is a question.
 */
function readReversePath(packet: Packet): KeyReading | null {
  const { in: input, out, hook, source, walk } = packet;
  if (hook === "prerouting" && input === "lo") return 1n;
  const path = walk.pod.findReversePath(source, hook === "forward" ? out : "lo");
  if (typeof path !== "string") {
    walk.oracle.giveUp(path.unknown);
    return null;
  }
  if (path === input) return 1n;
  const maySkip = hook === "input" && (input === "lo" || findDemuxed(packet) !== null);
  return maySkip && !walk.oracle.ask("whether the kernel looks the reverse path up in input") ? 1n : 0n;
}
