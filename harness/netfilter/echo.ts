import { type Attempt, endByAnswer } from "./connection.ts";
import { tupleOf } from "./conntrack.ts";
import type { EndPoint } from "./entry.ts";
import { carryPacket } from "./network.ts";
import { IDENTIFIER, makePacket, type Packet, type PacketFields } from "./packet.ts";
import type { Ending } from "./segment.ts";
import type { Socket } from "./sockets.ts";
import type { Walk } from "./walk.ts";

/**
 * Sends an ICMP echo request through the rules, and the reply that a kernel makes of it. Connection tracking knows an exchange by the
 * identifier, which stands here as both ports; NAT changes addresses, and of the identifier nothing that anybody could see. Whoever sends
 * is in no list of sockets: neither early demux nor `socket` looks for a ping socket (nf_sk_lookup_slow_v4, tcp_v4_early_demux).
 */
export function exchangeEcho(walk: Walk, { host, source, destination, owner, mark }: Attempt): Ending {
  if (destination.address.use === "not-connectable")
    walk.oracle.giveUp(`an echo request to ${destination.address.text}, which is not the address of a single host`);
  const [local, remote] = [source, destination].map(({ address }): EndPoint => ({ address, port: IDENTIFIER }));
  if (local === undefined || remote === undefined) return { kind: "timed-out" };
  const dialler: Socket = { host, local, remote, owner, mode: "plain", mark };
  const maker = host === "pod" ? owner : "none";
  const request = makeEcho(walk, local, remote, { maker, mark: host === "pod" ? mark : 0, purpose: "other" });
  const arrival = carryPacket(request, walk, host);
  if (arrival.kind === "lost") return endByAnswer(arrival, walk, dialler, request);
  return reply(walk, request, arrival.host, dialler);
}

/**
 * The kernel answers from the address that the request came to, by a socket without file (`icmp_reply` in net/ipv4/icmp.c,
 * `icmpv6_echo_reply` in net/ipv6/icmp.c). Over IPv4 it finds no route from an address that is not its host's.
 */
function reply(walk: Walk, request: Packet, host: Socket["host"], dialler: Socket): Ending {
  const { source, destination } = tupleOf(request);
  const isOwn = destination.address.host === "loopback" || destination.address.host === host;
  if (!isOwn && request.family === 4) return { kind: "unanswered", host };
  const packet = makeEcho(walk, destination, source, { maker: "kernel", mark: 0, purpose: "answer" });
  const arrival = carryPacket(packet, walk, host);
  if (arrival.kind === "lost" || arrival.host !== dialler.host) return { kind: "unanswered", host };
  if (packet.destination !== dialler.local.address) return { kind: "unanswered", host };
  if (packet.source !== dialler.remote.address)
    return { kind: "unanswered", host, replyFrom: { address: packet.source, port: 0 } };
  return { kind: "replied", host, ends: { source, destination } };
}

function makeEcho(
  walk: Walk,
  source: EndPoint,
  destination: EndPoint,
  fields: Pick<PacketFields, "maker" | "mark" | "purpose">,
): Packet {
  const { family } = source.address;
  return makePacket({
    walk,
    family,
    protocol: family === 4 ? "icmp" : "ipv6-icmp",
    source: source.address,
    sourcePort: source.port,
    destination: destination.address,
    destinationPort: destination.port,
    ...fields,
  });
}
