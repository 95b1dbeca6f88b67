import type { ConnectionEnd } from "../model/compare.ts";
import type { ConnectionMatch, ConnectionStatus } from "../model/match.ts";
import { isInNetwork } from "./addresses.ts";
import type { EndPoint, Entry } from "./entry.ts";
import { noteTemplate, type Packet } from "./packet.ts";
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
    noteTemplate(packet);
    if (packet.entry === null) return match.besideState;
    return holds(match, packet.entry, packet) !== negated;
  };
}

function holds(match: ConnectionMatch, entry: Entry, packet: Packet): boolean {
  switch (match.kind) {
    case "connection-protocol":
      return match.protocol === PROTOCOL_NUMBERS[entry.protocol];
    case "connection-address":
      return isInNetwork(endOf(entry, match.end).address, match.network, packet);
    case "connection-port":
      return portIsIn(endOf(entry, match.end).port, [match.ports], packet);
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

/** Says whether a connection has a status. Whether one is assured hangs on every packet that it has seen; no helper expected any. */
export function hasStatus(status: ConnectionStatus, entry: Entry, packet: Packet): boolean {
  switch (status) {
    case "EXPECTED":
      return false;
    case "SEEN_REPLY":
      return entry.replies === "seen";
    case "CONFIRMED":
      return entry.confirmation === "confirmed";
    case "ASSURED":
      return entry.replies === "seen" && packet.walk.oracle.ask("the connection is ASSURED");
  }
}
