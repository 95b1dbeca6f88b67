import { TCP_FLAG_BITS } from "../model/match.ts";
import { findRivals, isLostAnswer } from "./clash.ts";
import type { Entry, PacketEnds, Tuple, Zones } from "./entry.ts";
import type { IcmpError, Packet } from "./packet.ts";

const DEFAULT_ZONES: Zones = { original: 0, reply: 0 };
/** Zones have 16 bits (`u16 id` in struct nf_conntrack_zone): of a mark the lower ones count. */
const ZONE_BITS = 0xffff;

/** Gives the zones that a packet is looked for in, and that the connection it begins gets (nf_ct_zone_tmpl). */
export function zonesOf({ template, mark }: Packet): Zones {
  if (template === null || template.zone === null) return DEFAULT_ZONES;
  const { direction, zone } = template.zone;
  const id = zone === "mark" ? mark & ZONE_BITS : zone;
  return { original: direction === "reply" ? 0 : id, reply: direction === "original" ? 0 : id };
}

/** Makes the entry of a connection whose first packet names the ends thus. */
function makeEntry(packet: Packet, zones: Zones): Entry {
  const { protocol } = packet;
  const original = tupleOf(packet);
  return {
    protocol,
    zones,
    original,
    reply: { source: original.destination, destination: original.source },
    mark: 0,
    confirmation: "unconfirmed",
    replies: "none",
    handshake: isSyn(packet) ? "asked" : "made",
    assurance: isSyn(packet) || isEcho(packet) ? "none" : "not-known",
    natSource: "not-asked",
    natDestination: "not-asked",
  };
}

/**
 * Does what the conntrack hook does (nf_conntrack_in): finds the packet's connection or begins one. Packets that carry an entry already
 * (on loopback, or made by REJECT) and untracked ones pass. A first packet with SYN and ACK, RST or FIN is INVALID; any other
 * without SYN is taken for the middle of a connection (`nf_conntrack_tcp_loose` is on). A reset before any reply is that connection's last
 * packet: what comes after it meets no entry (nf_conntrack_tcp_packet). Any datagram begins an exchange (nf_conntrack_udp_packet), which
 * stays NEW until it is answered. After a SYN whose answer was not seen, because it was untracked, anything else is INVALID
 * (`tcp_conntracks`, the column of SYN_SENT in net/netfilter/nf_conntrack_proto_tcp.c).
 */
export function trackConnection(packet: Packet, zones: Zones): void {
  if (packet.entry !== null || packet.state === "UNTRACKED") return;
  // Of a segment that belongs to no connection the note that REJECT made goes (nf_conntrack_in).
  if (packet.protocol === "tcp") packet.tracking = "open";
  if (packet.error !== null) {
    relateError(packet, packet.error, zones);
    return;
  }
  const found = findEntry(packet.walk.entries, packet, zones, directionOfEcho(packet));
  if (found !== null) {
    if (isReset(packet) && found.entry.replies === "none") forgetConnection(packet.walk.entries, found.entry);
    if (isOutOfTurn(packet, found)) return;
    noteHandshake(found, packet);
    attachEntry(packet, found.entry, found.direction);
  } else if (canBegin(packet)) attachEntry(packet, makeEntry(packet, zones), "original");
}

/** While a SYN has no answer its sender may repeat it or reset, and nothing but a FIN is INVALID from the other end. */
function isOutOfTurn(packet: Packet, { entry, direction }: Found): boolean {
  if (entry.handshake === "made" || isReset(packet)) return false;
  if (direction === "reply") return (packet.flags & TCP_FLAG_BITS.FIN) !== 0;
  return !isSyn(packet);
}

/** A SYN-ACK answers the SYN; its own ACK makes the connection ESTABLISHED, and by that assured (nf_conntrack_tcp_packet). */
function noteHandshake({ entry, direction }: Found, { flags }: Packet): void {
  if (direction === "reply") {
    if ((flags & TCP_FLAG_BITS.SYN) !== 0) entry.handshake = "made";
    return;
  }
  if (entry.protocol !== "tcp") return;
  const isPlain = (flags & (TCP_FLAG_BITS.SYN | TCP_FLAG_BITS.RST | TCP_FLAG_BITS.FIN)) === 0;
  if (isPlain && entry.handshake === "made" && entry.assurance === "none") entry.assurance = "given";
}

function isSyn({ protocol, flags }: Packet): boolean {
  return protocol === "tcp" && (flags & TCP_FLAG_BITS.SYN) !== 0 && (flags & TCP_FLAG_BITS.ACK) === 0;
}

function isEcho({ protocol, error }: Packet): boolean {
  return error === null && (protocol === "icmp" || protocol === "ipv6-icmp");
}

/** An echo reply begins nothing (icmp_new in nf_conntrack_proto_icmp.c, icmpv6's in nf_conntrack_proto_icmpv6.c). */
function canBegin(packet: Packet): boolean {
  if (isEcho(packet)) return packet.purpose !== "answer";
  const isSynAck = (packet.flags & TCP_FLAG_BITS.SYN) !== 0 && (packet.flags & TCP_FLAG_BITS.ACK) !== 0;
  return !isSynAck && (packet.flags & (TCP_FLAG_BITS.RST | TCP_FLAG_BITS.FIN)) === 0;
}

function isReset({ flags }: Packet): boolean {
  return (flags & TCP_FLAG_BITS.RST) !== 0;
}

function forgetConnection(entries: Entry[], entry: Entry): void {
  entries.splice(entries.indexOf(entry), 1);
}

function attachEntry(packet: Packet, entry: Entry, direction: Packet["direction"]): void {
  packet.entry = entry;
  packet.direction = direction;
  if (direction === "reply") entry.replies = "seen";
  packet.state = entry.replies === "seen" ? "ESTABLISHED" : "NEW";
}

/** An ICMP error belongs to the connection that has an answer to what it quotes (nf_conntrack_inet_error). */
function relateError(packet: Packet, error: IcmpError, zones: Zones): void {
  const { quoted, protocol } = error;
  const answer = { ...packet, protocol, ...answerFields(quoted) };
  const found = findEntry(packet.walk.entries, answer, zones, directionOfError(error));
  if (found === null) return;
  packet.entry = found.entry;
  packet.direction = found.direction;
  packet.state = "RELATED";
}

/** Gives the ends that an answer to a packet with these ends has. */
export function answerFields({ source, destination }: Tuple): PacketEnds {
  return {
    source: destination.address,
    sourcePort: destination.port,
    destination: source.address,
    destinationPort: source.port,
  };
}

interface Found {
  readonly entry: Entry;
  readonly direction: Packet["direction"];
}

/**
 * Of an echo the type belongs to the tuple (icmp_pkt_to_tuple), so that a reply is told from its request where both ends are one address;
 * null of everything else.
 */
function directionOfEcho(packet: Packet): Packet["direction"] | null {
  if (!isEcho(packet)) return null;
  return packet.purpose === "answer" ? "reply" : "original";
}

/** An error is looked for by what would answer the packet that it quotes. */
function directionOfError({ protocol, purpose }: IcmpError): Packet["direction"] | null {
  if (protocol === "tcp" || protocol === "udp") return null;
  return purpose === "answer" ? "original" : "reply";
}

/** Zones are compared for the direction that a tuple belongs to alone (nf_ct_key_equal). `only`: the one direction that is asked for. */
function findEntry(
  entries: readonly Entry[],
  packet: Packet,
  zones: Zones,
  only: Packet["direction"] | null,
): Found | null {
  for (const entry of entries) {
    if (entry.protocol !== packet.protocol) continue;
    if (only !== "reply" && entry.zones.original === zones.original && isOf(entry.original, packet))
      return { entry, direction: "original" };
    if (only !== "original" && entry.zones.reply === zones.reply && isOf(entry.reply, packet))
      return { entry, direction: "reply" };
  }
  return null;
}

function isOf(tuple: Tuple, packet: PacketEnds): boolean {
  return (
    tuple.source.address === packet.source &&
    tuple.source.port === packet.sourcePort &&
    tuple.destination.address === packet.destination &&
    tuple.destination.port === packet.destinationPort
  );
}

/** Gives both ends as a packet names them now. */
export function tupleOf(packet: PacketEnds): Tuple {
  return {
    source: { address: packet.source, port: packet.sourcePort },
    destination: { address: packet.destination, port: packet.destinationPort },
  };
}

/**
 * Enters a packet's connection into the table, as the last step of INPUT and POSTROUTING does; a packet lost before leaves none. Where the
 * table has a connection with the same ends, `lost` is an answer that the kernel drops, and anything else is not known.
 */
export function confirmConnection(packet: Packet): "passed" | "lost" {
  const { entry, walk } = packet;
  if (entry === null || entry.confirmation === "confirmed" || packet.direction === "reply") return "passed";
  const rivals = findRivals(walk.entries, entry);
  if (rivals.length > 0) {
    if (packet.purpose === "answer" && rivals.every((rival) => isLostAnswer(packet, entry, rival))) return "lost";
    walk.oracle.giveUp("what the kernel does with two tracked connections that have the same ends in one zone");
  }
  entry.confirmation = "confirmed";
  walk.entries.push(entry);
  return "passed";
}
