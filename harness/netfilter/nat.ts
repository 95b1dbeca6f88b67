import type { Hook } from "../model/hook.ts";
import { loopbackAddress } from "../model/pod.ts";
import type { KnownAddress } from "./address-book.ts";
import { type EndPoint, type Entry, isSameEnd, type Tuple } from "./entry.ts";
import { hasPorts, type Packet } from "./packet.ts";

/** Which end of a packet a hook's NAT rewrites: destinations as it comes up, sources as it goes down. */
export type NatSide = "source" | "destination";

/**
 * Gives the side a hook's nat chain is about: `destination` at prerouting and output, `source` at input and postrouting. `forward` has
 * none.
 */
export function natSideOf(hook: Exclude<Hook, "forward">): NatSide {
  return hook === "prerouting" || hook === "output" ? "destination" : "source";
}

/**
 * Says whether the nat chain is consulted for a packet (nf_nat_inet_fn): it has a connection, which is new, and this side has not been
 * asked about before. So packets on loopback meet nat OUTPUT and POSTROUTING, but no longer nat PREROUTING and INPUT. The reset by which a
 * rule rejects a first packet is related to its connection, and asks for what that packet had not come to; an ICMP error does not.
 */
export function asksNat(packet: Packet, side: NatSide): boolean {
  const entry = packet.entry;
  const isRelatedReset = packet.state === "RELATED" && packet.error === null;
  if (entry === null || (packet.state !== "NEW" && !isRelatedReset)) return false;
  return (side === "source" ? entry.natSource : entry.natDestination) === "not-asked";
}

/** Notes that a side has been asked about, whatever came of it. */
export function noteNatAsked(entry: Entry, side: NatSide): void {
  if (side === "source" && entry.natSource === "not-asked") entry.natSource = "none";
  if (side === "destination" && entry.natDestination === "not-asked") entry.natDestination = "none";
}

/** Sends a connection to another destination (REDIRECT, DNAT). The first verdict of a connection stands. */
export function setDestination(entry: Entry, to: EndPoint): void {
  entry.natDestination = isSameEnd(entry.reply.source, to) ? "none" : "in-effect";
  entry.reply = { ...entry.reply, source: to };
}

/** Gives a connection another source (SNAT, MASQUERADE). */
export function setSource(entry: Entry, to: EndPoint): void {
  entry.natSource = isSameEnd(entry.reply.destination, to) ? "none" : "in-effect";
  entry.reply = { ...entry.reply, destination: to };
}

/**
 * Rewrites one side of a packet as its connection's NAT says (nf_nat_packet); for replies, the other half of NAT is undone on this side.
 * An ICMP error is rewritten the same way, ports aside, and what it quotes becomes what its receiver had sent.
 */
export function rewritePacket(packet: Packet, side: NatSide): void {
  const entry = packet.entry;
  if (entry === null) return;
  if (packet.error !== null) packet.error.quoted = packet.direction === "reply" ? entry.original : entry.reply;
  const half = (side === "destination") === (packet.direction === "original") ? entry.natDestination : entry.natSource;
  if (half !== "in-effect") return;
  const names = packet.direction === "original" ? entry.reply : entry.original;
  noteCopy(packet, side, names);
  if (side === "destination") setPacketDestination(packet, names.source);
  else setPacketSource(packet, names.destination);
}

/**
 * A copy that TEE has sent away keeps the ends that the packet had, and whoever gets it answers for those: which answer comes first is not
 * known. Only where the packet itself stays in the pod is that sure.
 */
function noteCopy(packet: Packet, side: NatSide, names: Tuple): void {
  const { copiedBy, direction, walk } = packet;
  const end = side === "destination" ? names.source : names.destination;
  const [address, port] =
    side === "destination" ? [packet.destination, packet.destinationPort] : [packet.source, packet.sourcePort];
  const stays = address === end.address && (port === end.port || !hasPorts(packet));
  if (copiedBy === null || stays) return;
  const isSettled =
    direction === "original" ? side === "destination" && isInside(names.source.address) : answersInside(packet);
  if (!isSettled) walk.oracle.giveUp(`${copiedBy}, whose copy is not translated`);
}

/** A copy of what the pod answers itself comes back, if at all, from a loopback address or over IPv4 from the pod's own: a martian. */
function answersInside({ family, source, destination }: Packet): boolean {
  return isInside(destination) && (source.host === "loopback" || (family === 4 && source.host === "pod"));
}

function isInside({ host }: KnownAddress): boolean {
  return host === "pod" || host === "loopback";
}

function setPacketDestination(packet: Packet, end: EndPoint): void {
  packet.destination = end.address;
  if (hasPorts(packet)) packet.destinationPort = end.port;
}

function setPacketSource(packet: Packet, end: EndPoint): void {
  packet.source = end.address;
  if (hasPorts(packet)) packet.sourcePort = end.port;
}

/** Gives where REDIRECT sends to: loopback for what the pod itself dials, else the primary address of the interface the packet came by. */
export function redirectAddress(packet: Packet): string | null {
  if (packet.in === "") return loopbackAddress(packet.family);
  return packet.walk.pod.interfaceAddress(packet.in, packet.family);
}
