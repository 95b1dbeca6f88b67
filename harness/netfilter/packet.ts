import type { Family } from "../model/address.ts";
import { type ConntrackState, TCP_FLAG_BITS } from "../model/match.ts";
import type { KnownAddress } from "./address-book.ts";
import type { Entry, Tuple } from "./conntrack.ts";
import type { Maker, NewSocket } from "./maker.ts";
import { type Route, TO_SELF } from "./routing.ts";
import type { Listener, Socket } from "./sockets.ts";
import type { Walk } from "./walk.ts";

/** A source port that the kernel chooses freely among {@link EPHEMERAL_PORTS}; it equals only itself. */
export const EPHEMERAL = -1;
/** `net.ipv4.ip_local_port_range` of a fresh network namespace, for both families. */
export const EPHEMERAL_PORTS = { first: 32768, last: 60999 } as const;

/** The packets that decide how a connection ends, by what they carry. */
export const FLAGS = {
  syn: TCP_FLAG_BITS.SYN,
  synAck: TCP_FLAG_BITS.SYN | TCP_FLAG_BITS.ACK,
  ack: TCP_FLAG_BITS.ACK,
  data: TCP_FLAG_BITS.PSH | TCP_FLAG_BITS.ACK,
  lastData: TCP_FLAG_BITS.PSH | TCP_FLAG_BITS.ACK | TCP_FLAG_BITS.FIN,
  reset: TCP_FLAG_BITS.RST | TCP_FLAG_BITS.ACK,
} as const;

/**
 * One packet on its way through the pod's kernel. Everything that NAT, targets and hooks change is changed in place.
 * Interfaces are `""` where a hook has none.
 */
export interface Packet {
  readonly walk: Walk;
  readonly family: Family;
  readonly protocol: "tcp" | "icmp" | "ipv6-icmp";
  readonly flags: number;
  source: KnownAddress;
  /** A port, {@link EPHEMERAL}, or 0 in packets without ports. */
  sourcePort: number;
  destination: KnownAddress;
  destinationPort: number;
  in: string;
  out: string;
  maker: Maker | NewSocket;
  mark: number;
  entry: Entry | null;
  state: ConntrackState;
  direction: "original" | "reply";
  /** Where the kernel has decided to send it; before routing, nowhere but to itself. */
  route: Route;
  /** What TPROXY has given it to: a listener, or the connection's own socket. */
  assigned: Listener | Socket | null;
  readonly error: IcmpError | null;
}

/** What an ICMP error makes of a connection attempt. */
export type IcmpMeaning = "refused" | "unreachable";

/** What makes a packet an ICMP error: the ends of the packet it answers, and what it means for the socket that sent that. */
export interface IcmpError {
  /** As the error quotes them; NAT changes what is quoted as well. */
  quoted: Tuple;
  readonly meaning: IcmpMeaning;
}

/** The fields of a packet that its maker chooses. */
export type PacketFields = Pick<
  Packet,
  "walk" | "family" | "source" | "sourcePort" | "destination" | "destinationPort" | "maker"
> &
  Partial<Pick<Packet, "protocol" | "flags" | "mark" | "entry" | "state" | "direction" | "error">>;

/** Makes a packet that has met no hook yet. */
export function makePacket(fields: PacketFields): Packet {
  return {
    walk: fields.walk,
    family: fields.family,
    protocol: fields.protocol ?? "tcp",
    flags: fields.flags ?? 0,
    source: fields.source,
    sourcePort: fields.sourcePort,
    destination: fields.destination,
    destinationPort: fields.destinationPort,
    in: "",
    out: "",
    maker: fields.maker,
    mark: fields.mark ?? 0,
    entry: fields.entry ?? null,
    state: fields.state ?? "INVALID",
    direction: fields.direction ?? "original",
    route: TO_SELF,
    assigned: null,
    error: fields.error ?? null,
  };
}

/** Takes from a packet what does not outlive a host: mark, connection entry and maker. */
export function leaveHost(packet: Packet): void {
  packet.mark = 0;
  packet.entry = null;
  packet.state = "INVALID";
  packet.direction = "original";
  packet.maker = "none";
  packet.assigned = null;
  packet.route = TO_SELF;
  packet.in = "";
  packet.out = "";
}
