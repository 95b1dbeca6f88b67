import { renderEndpoint } from "../model/address.ts";
import type { KnownAddress } from "./address-book.ts";

/** The protocols of the packets that the simulator makes. */
export type PacketProtocol = "tcp" | "udp" | "icmp" | "ipv6-icmp";

/** One end point of a connection. A negative port stands for a range among which the kernel chooses (`choicePort`). */
export interface EndPoint {
  readonly address: KnownAddress;
  readonly port: number;
}

/** Says whether two end points are one: the same entry of the address book, and the same port. */
export function isSameEnd(one: EndPoint, other: EndPoint): boolean {
  return one.address === other.address && one.port === other.port;
}

/** Gives an end point as landings have it, `10.244.0.2:80` or `[fd00:244::2]:80`; a port that the kernel chooses freely is written 0. */
export function renderEnd({ address, port }: EndPoint): string {
  return renderEndpoint(address.text, port < 0 ? 0 : port);
}

/** Both ends as one direction's packets name them. */
export interface Tuple {
  readonly source: EndPoint;
  readonly destination: EndPoint;
}

/** The conntrack zones of a connection's two directions; 0 is the default (struct nf_conntrack_zone). */
export interface Zones {
  readonly original: number;
  readonly reply: number;
}

/** The fields in which a packet names its ends. */
export interface PacketEnds {
  readonly source: KnownAddress;
  readonly sourcePort: number;
  readonly destination: KnownAddress;
  readonly destinationPort: number;
}

/**
 * One tracked connection, or exchange of datagrams. `original` is how its first packet named the ends; `reply` how answers name them,
 * which NAT changes. `natSource` and `natDestination` say how far NAT is: not asked yet, asked without effect, or in effect.
 */
export interface Entry {
  readonly protocol: PacketProtocol;
  readonly zones: Zones;
  readonly original: Tuple;
  reply: Tuple;
  mark: number;
  confirmation: "unconfirmed" | "confirmed";
  replies: "none" | "seen";
  /** `asked`: of a TCP connection tracking has seen the SYN, and no answer to it yet; `made`: anything later, and every other protocol. */
  handshake: "asked" | "made";
  /** Of a TCP connection whose SYN began the entry: whether tracking has seen the ACK of the answer; of every other it is not known. */
  assurance: "none" | "given" | "not-known";
  natSource: NatProgress;
  natDestination: NatProgress;
}

/** How far one half of NAT is for a connection. */
export type NatProgress = "not-asked" | "none" | "in-effect";
