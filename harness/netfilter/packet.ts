import type { Family } from "../model/address.ts";
import type { Hook } from "../model/hook.ts";
import { type ConntrackState, type Range, TCP_FLAG_BITS } from "../model/match.ts";
import type { ZoneTarget } from "../model/target.ts";
import type { KnownAddress } from "./address-book.ts";
import type { Entry, PacketProtocol, Tuple } from "./entry.ts";
import type { Maker, NewSocket } from "./maker.ts";
import { type Route, TO_SELF } from "./routing.ts";
import type { Listener, Socket } from "./sockets.ts";
import type { PacketSurroundings } from "./surroundings.ts";

/** A source port that the kernel chooses freely among {@link EPHEMERAL_PORTS}; it equals only itself. */
export const EPHEMERAL = -1;
/** `net.ipv4.ip_local_port_range` of a fresh network namespace, for both families. */
export const EPHEMERAL_PORTS = { first: 32768, last: 60999 } as const;

/**
 * Gives the source port that the kernel chooses freely from a range which a rule names: a negative number that stands for the range, and
 * equals only itself. A range of one port is that port. {@link portsOf} is its inverse.
 */
export function choicePort({ first, last }: Range): number {
  return first === last ? first : -(first * CHOICE_FACTOR + last) - 2;
}

/** Gives the ports that a port stands for: one, or all that the kernel may choose from. */
export function portsOf(port: number): Range {
  if (port >= 0) return { first: port, last: port };
  if (port === EPHEMERAL) return EPHEMERAL_PORTS;
  const pair = -port - 2;
  return { first: Math.floor(pair / CHOICE_FACTOR), last: pair % CHOICE_FACTOR };
}

/** More than any port, so that two of them are one number. */
const CHOICE_FACTOR = 65536;
/** What stands for the identifier of an echo, which is any number but 0 (ping_get_port in net/ipv4/ping.c); it equals only itself. */
export const IDENTIFIER = choicePort({ first: 1, last: 65535 });
/** What hosts send with where nothing says otherwise (`net.ipv4.ip_default_ttl`, `hop_limit` of a fresh network namespace). */
const DEFAULT_HOP_LIMIT = 64;

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
  /** What its walk answers about the pod and the connections so far. */
  readonly walk: PacketSurroundings;
  readonly family: Family;
  readonly protocol: PacketProtocol;
  /** Flags of TCP; 0 for every other protocol. */
  readonly flags: number;
  source: KnownAddress;
  /** A port, {@link EPHEMERAL}, a {@link choicePort}, or 0 in packets without ports. */
  sourcePort: number;
  destination: KnownAddress;
  destinationPort: number;
  /** The hook that it is at. */
  hook: Hook | null;
  in: string;
  out: string;
  maker: Maker | NewSocket;
  mark: number;
  /** Hosts that may still pass it on: TTL, or IPv6's hop limit. */
  hopLimit: number;
  /** Whether it has come to the pod by way of upstream, which costs a hop where upstream is a router, and none where it is a neighbour. */
  crossedUpstream: boolean;
  /** The TEE that has sent a copy of it away as it is now; null where none has. */
  copiedBy: string | null;
  /**
   * `taken`: REJECT has made it in answer to an untracked packet, and noted on it that it belongs to no connection. CT and NOTRACK of
   * iptables leave it alone then (`skb->_nfct` is not empty: nf_conntrack_attach, notrack_tg); notrack of nft does not (nft_notrack_eval).
   */
  tracking: "open" | "taken";
  /** The CT that says how it is to be tracked, until it is; null where none does. */
  template: TrackingTemplate | null;
  entry: Entry | null;
  state: ConntrackState;
  direction: "original" | "reply";
  /** Where the kernel has decided to send it; before routing, nowhere but to itself. */
  route: Route;
  /** The device that its maker has asked its first route to leave by; null where any will do. Nothing asks for one again later. */
  readonly device: string | null;
  /** `answer`: a listener's datagram in answer to another, or an echo reply. */
  readonly purpose: "answer" | "other";
  /** What TPROXY has given it to: a listener, or the connection's own socket. */
  assigned: Listener | Socket | null;
  readonly error: IcmpError | null;
}

/** What a CT says of a packet's tracking (struct nf_conn_tmpl in xt_CT.c): the rule's text, and the zone if it names one. */
export interface TrackingTemplate {
  readonly text: string;
  readonly zone: Pick<ZoneTarget, "direction" | "zone"> | null;
}

/** What makes a packet an ICMP error: the ends of the packet it answers, and what it means for the socket that sent that. */
export interface IcmpError {
  /** As the error quotes them; NAT changes what is quoted as well. */
  quoted: Tuple;
  /** Of the packet that it answers. */
  readonly protocol: PacketProtocol;
  readonly purpose: Packet["purpose"];
  /** Null where it depends on what a host routes. */
  readonly code: number | null;
}

/** The fields of a packet that its maker chooses. */
export type PacketFields = Pick<
  Packet,
  "walk" | "family" | "source" | "sourcePort" | "destination" | "destinationPort" | "maker"
> &
  Partial<
    Pick<Packet, "protocol" | "flags" | "mark" | "entry" | "state" | "direction" | "device" | "purpose" | "error">
  >;

/** Says whether a packet, or an entry of connection tracking, has ports. */
export function hasPorts({ protocol }: Pick<Packet, "protocol">): boolean {
  return protocol === "tcp" || protocol === "udp";
}

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
    hook: null,
    in: "",
    out: "",
    maker: fields.maker,
    mark: fields.mark ?? 0,
    hopLimit: DEFAULT_HOP_LIMIT,
    crossedUpstream: false,
    copiedBy: null,
    tracking: "open",
    template: null,
    entry: fields.entry ?? null,
    state: fields.state ?? "INVALID",
    direction: fields.direction ?? "original",
    route: TO_SELF,
    device: fields.device ?? null,
    purpose: fields.purpose ?? "other",
    assigned: null,
    error: fields.error ?? null,
  };
}

/** Takes from a packet what does not outlive a host: mark, connection entry and maker. */
export function leaveHost(packet: Packet): void {
  packet.mark = 0;
  packet.copiedBy = null;
  packet.tracking = "open";
  packet.template = null;
  packet.entry = null;
  packet.state = "INVALID";
  packet.direction = "original";
  packet.maker = "none";
  packet.assigned = null;
  packet.route = TO_SELF;
  packet.in = "";
  packet.out = "";
}

/** Says whether a packet has only a template of a connection (nf_ct_get finds it, and no rule can tell it from a connection). */
export function hasTemplateOnly({ template, entry }: Packet): boolean {
  return template !== null && entry === null;
}

/** Gives the state that rules see: a template's is NEW (`nf_ct_set` in xt_ct_target, xt_CT.c, and in nft_ct_set_zone_eval, nft_ct.c). */
export function stateOf(packet: Packet): ConntrackState {
  return hasTemplateOnly(packet) ? "NEW" : packet.state;
}

/**
 * Gives up where a rule asks about the connection of a packet that has only a template of one, and more than its state, its direction or
 * its protocol: what the kernel then tells of is the template (nf_ct_get in xt_conntrack.c, xt_connmark.c).
 */
export function noteTemplate(packet: Packet): void {
  if (hasTemplateOnly(packet))
    packet.walk.oracle.giveUp(`${packet.template?.text}, and what asks for the connection before it is tracked`);
}
