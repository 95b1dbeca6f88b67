import type { Family } from "../model/address.ts";
import { TCP_FLAG_BITS } from "../model/match.ts";
import { type HostName, PASS_THROUGH_IPV6, POD_INTERFACE } from "../model/pod.ts";
import type { KnownAddress } from "./address-book.ts";
import { tupleOf } from "./conntrack.ts";
import { FLAGS, makePacket, type Packet } from "./packet.ts";

/** The code of each ICMP error of REJECT (reject_tg in ipt_REJECT.c, ip6t_REJECT.c), and of nft's icmpx (nft_reject.c), by family. */
const CODES = {
  4: {
    "icmp-net-unreachable": 0,
    "icmp-host-unreachable": 1,
    "icmp-proto-unreachable": 2,
    "icmp-port-unreachable": 3,
    "icmp-net-prohibited": 9,
    "icmp-host-prohibited": 10,
    "icmp-admin-prohibited": 13,
    "icmpx-no-route": 0,
    "icmpx-host-unreachable": 1,
    "icmpx-port-unreachable": 3,
    "icmpx-admin-prohibited": 13,
  },
  6: {
    "icmp6-no-route": 0,
    "icmp6-adm-prohibited": 1,
    "icmp6-addr-unreachable": 3,
    "icmp6-port-unreachable": 4,
    "icmp6-policy-fail": 5,
    "icmp6-reject-route": 6,
    "icmpx-no-route": 0,
    "icmpx-admin-prohibited": 1,
    "icmpx-host-unreachable": 3,
    "icmpx-port-unreachable": 4,
  },
} as const satisfies Record<Family, Readonly<Record<string, number>>>;

const PORT_UNREACHABLE = { 4: 3, 6: 4 } as const;

/** Says whether a packet is an ICMP error that makes its host unreachable: any but the one that refuses (icmp_err_convert). */
export function tellsUnreachable({ error, family }: Packet): boolean {
  return error !== null && error.code !== PORT_UNREACHABLE[family];
}

/** Gives REJECT's answer to a packet, or null where none is sent: a reset is never answered with a reset. */
export function makeRejection(packet: Packet, how: string): Packet | null {
  if (how === "tcp-reset")
    return (packet.flags & TCP_FLAG_BITS.RST) === 0 ? attachToEntry(makeReset(packet, "none"), packet) : null;
  if (lacksErrorSource(packet)) return null;
  return attachToEntry(makeIcmpError(packet, errorSource(packet), codeOfRejection(how, packet.family)), packet);
}

/** Gives the kernel's own reset in answer to a packet: over IPv4 it comes from a socket without file, over IPv6 from none. */
export function makeKernelReset(packet: Packet): Packet {
  return packet.family === 4 ? makeReset(packet, "kernel") : makeReset(packet, "none", deviceOfReset(packet));
}

/**
 * An IPv6 reset to ::1 asks for a route by the device of the address that it comes from (`rt6_need_strict` in tcp_v6_send_response,
 * net/ipv6/tcp_ipv6.c), and by any but `lo` it leaves the pod and is lost. A rule that changes its mark, or its NAT, has it routed again,
 * and then nothing asks for a device any more (ip6_route_me_harder in net/ipv6/netfilter.c).
 */
function deviceOfReset({ source, destination }: Packet): string | null {
  const isOnLink = destination.host === "pod" && destination.text !== PASS_THROUGH_IPV6;
  return source.host === "loopback" && isOnLink ? POD_INTERFACE : null;
}

function makeReset(packet: Packet, maker: Packet["maker"], device: string | null = null): Packet {
  return makePacket({
    walk: packet.walk,
    family: packet.family,
    flags: FLAGS.reset,
    source: packet.destination,
    sourcePort: packet.destinationPort,
    destination: packet.source,
    destinationPort: packet.sourcePort,
    maker,
    device,
  });
}

/** Gives the ICMP error of a host at which nobody takes datagrams at a port. */
export function makePortUnreachable(packet: Packet, host: HostName): Packet | null {
  if (host === "pod" && lacksErrorSource(packet)) return null;
  return makeIcmpError(
    packet,
    host === "pod" ? errorSource(packet) : packet.destination,
    PORT_UNREACHABLE[packet.family],
  );
}

/** Words of nft that stand for themselves have no code here. */
function codeOfRejection(how: string, family: Family): number | null {
  const codes: Readonly<Record<string, number>> = CODES[family];
  return codes[how] ?? null;
}

/**
 * Gives the ICMP error that tells a packet's sender what became of it; a `code` that is not known refuses nothing. An error is never
 * answered with an error.
 */
export function makeIcmpError(packet: Packet, source: KnownAddress, code: number | null): Packet | null {
  if (packet.error !== null) return null;
  return makePacket({
    walk: packet.walk,
    family: packet.family,
    protocol: packet.family === 4 ? "icmp" : "ipv6-icmp",
    source,
    sourcePort: 0,
    destination: packet.source,
    destinationPort: 0,
    maker: "kernel",
    error: { quoted: tupleOf(packet), protocol: packet.protocol, purpose: packet.purpose, code },
  });
}

/**
 * Over IPv4 the error about a packet with a local route comes from the address that it was for. Where a mark has made the route local and
 * the address is not the pod's, no route is found for that source, and nothing is sent (icmp_send in net/ipv4/icmp.c,
 * `ip_route_output_key_hash_rcu` in net/ipv4/route.c).
 */
function lacksErrorSource({ family, route, destination, hook }: Packet): boolean {
  const isForeign = destination.host !== "pod" && destination.host !== "loopback";
  return family === 4 && hook !== "prerouting" && route.scope === "local" && isForeign;
}

/**
 * The error comes from the address the packet was for if it is the pod's own, else from the one the route back gives (icmp_send); ::1 is
 * no address of a link (`ipv6_chk_addr` in icmp6_send).
 */
function errorSource(packet: Packet): KnownAddress {
  const cameByLink = packet.in !== "" && packet.in !== "lo";
  if (packet.destination.host === "pod") return packet.destination;
  if (packet.destination.host === "loopback" && !cameByLink) return packet.destination;
  if (packet.source.host === "pod" || packet.source.host === "loopback") return packet.source;
  return packet.walk.pod.sourceTowards(packet.source);
}

/**
 * The answer belongs to the connection of the packet it answers, in the other direction, as RELATED (nf_conntrack_attach). To an untracked
 * packet it belongs in the same way, which is to no connection.
 */
function attachToEntry(answer: Packet | null, packet: Packet): Packet | null {
  if (answer === null) return answer;
  if (packet.entry === null) {
    if (packet.state === "UNTRACKED" || packet.tracking === "taken") answer.tracking = "taken";
    return answer;
  }
  answer.entry = packet.entry;
  answer.direction = packet.direction === "original" ? "reply" : "original";
  answer.state = "RELATED";
  return answer;
}
