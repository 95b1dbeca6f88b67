import type { HostName } from "../model/pod.ts";
import { type Attempt, assignedListener, endByAnswer, openSocket } from "./connection.ts";
import { answerFields, tupleOf } from "./conntrack.ts";
import { type EndPoint, isSameEnd } from "./entry.ts";
import { carryPacket } from "./network.ts";
import { makePacket, type Packet } from "./packet.ts";
import { makePortUnreachable } from "./reject.ts";
import { type Ending, reaches, type Taken, TIMED_OUT } from "./segment.ts";
import type { Listener, Socket } from "./sockets.ts";
import type { Walk } from "./walk.ts";

/**
 * Sends a datagram and its answer through the rules; with `again` once more over the same socket, and gives how that second exchange ends:
 * conntrack still knows the first. Nothing is repeated: what is lost is lost. ICMP errors travel through the same rules.
 */
export function exchangeDatagrams(walk: Walk, attempt: Attempt, exchange: "first" | "again"): Ending {
  const { host, source: local, destination: remote, owner, mark } = attempt;
  if (remote.address.use === "not-connectable")
    walk.oracle.giveUp(`a datagram to ${remote.address.text}, which is not the address of a single host`);
  const dialler = openSocket(walk, { host, local, remote, owner, mode: "plain", mark });
  const first = exchangeDatagram(walk, dialler);
  return exchange === "first" ? first : exchangeDatagram(walk, dialler);
}

function exchangeDatagram(walk: Walk, dialler: Socket): Ending {
  const { host, local, remote, owner, mark } = dialler;
  const datagram = makeDatagram(walk, {
    source: local,
    destination: remote,
    maker: owner,
    mark: host === "pod" ? mark : 0,
    purpose: "other",
  });
  const arrival = carryPacket(datagram, walk, host);
  if (arrival.kind === "lost") return endByAnswer(arrival, walk, dialler, datagram);
  const { destination, destinationPort: port } = datagram;
  const listener = assignedListener(datagram) ?? walk.pod.findListener(arrival.host, port, "udp", destination);
  if (listener === null) return refuse(datagram, walk, arrival.host, dialler);
  const ends = tupleOf(datagram);
  const dialled = arrival.host === "pod" ? findDialled(datagram) : remote;
  const taken: Taken = { kind: "listener", listener, ends, dialled };
  if (!canAnswer(datagram, arrival.host, listener)) return { kind: "unanswered", host: arrival.host, taken };
  const lost = answer(walk, datagram, listener, arrival.host, dialler);
  return lost === null ? taken : { ...lost, taken };
}

/** Nobody takes datagrams at that port, and the host says so (`icmp_send` in net/ipv4/udp.c, `icmpv6_send` in net/ipv6/udp.c). */
function refuse(datagram: Packet, walk: Walk, host: HostName, dialler: Socket): Ending {
  const at = tupleOf(datagram).destination;
  const error = makePortUnreachable(datagram, host);
  return error !== null && reaches(error, walk, host, dialler) ? { kind: "refused", at } : TIMED_OUT;
}

/** The listener asks connection tracking, whatever the zone, for the exchange whose answers have the ends that its own answer has. */
function findDialled(datagram: Packet): EndPoint {
  const { source, destination } = tupleOf(datagram);
  const { entry } = datagram;
  const isFound =
    entry !== null && isSameEnd(entry.reply.source, destination) && isSameEnd(entry.reply.destination, source);
  return isFound ? entry.original.destination : destination;
}

/**
 * No socket but a transparent one sends from an address that is not its host's (EINVAL: `ip_route_output_key_hash` in net/ipv4/route.c,
 * `ip6_datagram_send_ctl` in net/ipv6/datagram.c).
 */
function canAnswer({ destination }: Packet, host: HostName, { mode }: Listener): boolean {
  return destination.host === "loopback" || destination.host === host || mode === "transparent";
}

/** Carries the answer; null where it comes back to whoever sent the datagram, from the end point that was dialled. */
function answer(
  walk: Walk,
  datagram: Packet,
  { owner }: Listener,
  host: HostName,
  dialler: Socket,
): (Ending & { readonly kind: "unanswered" }) | null {
  const { source, destination } = tupleOf(datagram);
  const packet = makeDatagram(walk, {
    source: destination,
    destination: source,
    maker: owner,
    mark: 0,
    purpose: "answer",
  });
  const arrival = carryPacket(packet, walk, host);
  const ends = tupleOf(packet);
  if (arrival.kind === "lost" || arrival.host !== dialler.host || packet.assigned !== null)
    return { kind: "unanswered", host };
  if (!isSameEnd(ends.destination, dialler.local)) return { kind: "unanswered", host };
  return isSameEnd(ends.source, dialler.remote) ? null : { kind: "unanswered", host, replyFrom: ends.source };
}

interface DatagramFields extends Pick<Packet, "maker" | "mark" | "purpose"> {
  readonly source: EndPoint;
  readonly destination: EndPoint;
}

function makeDatagram(walk: Walk, { source, destination, ...fields }: DatagramFields): Packet {
  const ends = answerFields({ source: destination, destination: source });
  return makePacket({ walk, family: source.address.family, protocol: "udp", ...ends, ...fields });
}
