import type { ConnectionEnd } from "../model/compare.ts";
import { ECHO_TYPES } from "../model/icmp.ts";
import type { ConnectionMatch, ConnectionStatus } from "../model/match.ts";
import { isInNetwork } from "./addresses.ts";
import type { EndPoint, Entry } from "./entry.ts";
import { hasTemplateOnly, type Packet } from "./packet.ts";
import { portIsIn } from "./ports.ts";

/** The numbers of protocols (include/uapi/linux/in.h). */
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, icmp: 1, "ipv6-icmp": 58 } as const satisfies Record<
  Entry["protocol"],
  number
>;

/**
 * Says whether a match on a packet's connection holds, its `!` included (conntrack_mt in xt_conntrack.c): without a connection it never
 * does, unless the same `-m` has a state that does.
 */
export function compileConnection(match: ConnectionMatch): (packet: Packet) => boolean {
  const negated = "negated" in match && match.negated;
  return (packet) => {
    if (hasTemplateOnly(packet)) return holdsForTemplate(match, packet) !== negated;
    if (packet.entry === null) return match.besideState;
    return holds(match, packet.entry, packet) !== negated;
  };
}

/**
 * A template is confirmed and of the first direction, and otherwise empty: no protocol, no addresses, no ports (xt_ct_tg_check in
 * net/netfilter/xt_CT.c, nf_ct_tmpl_alloc in net/netfilter/nf_conntrack_core.c).
 */
function holdsForTemplate(match: ConnectionMatch, packet: Packet): boolean {
  switch (match.kind) {
    case "connection-protocol":
      return match.protocol === 0;
    case "connection-address":
      return isInNetwork(packet.walk.pod.book.find(packet.family === 4 ? "0.0.0.0" : "::"), match.network, packet);
    case "connection-port":
      return portIsIn(0, [match.ports], packet);
    case "connection-status":
      return match.statuses.includes("CONFIRMED");
    case "connection-direction":
      return match.direction === "ORIGINAL";
  }
}

function holds(match: ConnectionMatch, entry: Entry, packet: Packet): boolean {
  switch (match.kind) {
    case "connection-protocol":
      return match.protocol === PROTOCOL_NUMBERS[entry.protocol];
    case "connection-address":
      return isInNetwork(endOf(entry, match.end).address, match.network, packet);
    case "connection-port":
      return portIsIn(portOfEnd(entry, match.end), [match.ports], packet);
    case "connection-status":
      return match.statuses.some((status) => hasStatus(status, entry, packet));
    case "connection-direction":
      return (packet.direction === "original") === (match.direction === "ORIGINAL");
  }
}

/** Gives one end of a tracked connection. */
export function endOf({ original, reply }: Entry, end: ConnectionEnd): EndPoint {
  switch (end) {
    case "original-source":
      return original.source;
    case "original-destination":
      return original.destination;
    case "reply-source":
      return reply.source;
    case "reply-destination":
      return reply.destination;
  }
}

/** Gives what stands as the port of one end of a tracked connection; of an echo that is its identifier, or its type and code. */
export function portOfEnd(entry: Entry, end: ConnectionEnd): number {
  const { protocol } = entry;
  if (protocol === "tcp" || protocol === "udp") return endOf(entry, end).port;
  const { request, reply } = ECHO_TYPES[protocol === "icmp" ? 4 : 6];
  // The type, and code 0 behind it (icmp_pkt_to_tuple in net/netfilter/nf_conntrack_proto_icmp.c).
  if (end === "original-destination") return request << 8;
  if (end === "reply-destination") return reply << 8;
  return entry.original.source.port;
}

/**
 * Says whether a connection has a status. One is assured once tracking has seen its handshake to the end; whether another one is hangs on
 * every packet that it has seen, and on time. No helper expected any.
 */
export function hasStatus(status: ConnectionStatus, entry: Entry, packet: Packet): boolean {
  switch (status) {
    case "EXPECTED":
      return false;
    case "SEEN_REPLY":
      return entry.replies === "seen";
    case "CONFIRMED":
      return entry.confirmation === "confirmed";
    case "ASSURED":
      if (entry.assurance !== "not-known") return entry.assurance === "given";
      return entry.replies === "seen" && packet.walk.oracle.ask("the connection is ASSURED");
  }
}
