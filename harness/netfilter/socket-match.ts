import { type SocketMatch, TCP_FLAG_BITS } from "../model/match.ts";
import { answerFields, tupleOf } from "./conntrack.ts";
import { isSameEnd } from "./entry.ts";
import { settleMaker } from "./maker.ts";
import type { Packet } from "./packet.ts";
import { findSocket, type Socket } from "./sockets.ts";

/**
 * Says whether `-m socket` holds (socket_match in xt_socket.c): an existing connection takes the packet, or with `nowildcard` a
 * listener does. All listeners of the sandbox listen on all addresses, which the match ignores otherwise; with it they take every packet to
 * their port, whoever's address it is for.
 * What TPROXY has given to a socket is not looked up.
 * An ICMP error is looked up by what it quotes; over IPv4, a reply whose source NAT is still to be undone as the connection's first
 * packet named itself (nf_sk_lookup_slow_v4, nf_sk_lookup_slow_v6).
 */
export function socketTakes(packet: Packet, options: SocketMatch["options"]): boolean {
  const taker = findReceiver(packet);
  if (taker === null || (taker.kind === "listener" && !options.includes("nowildcard"))) return false;
  if (options.includes("transparent") && taker.socket.mode === "plain") return false;
  if (options.includes("restore-skmark")) packet.mark = taker.socket.mark;
  return true;
}

function asSocketSees(packet: Packet): Packet {
  const { entry, direction, error, family } = packet;
  const named = error === null ? packet : { ...packet, ...answerFields(error.quoted) };
  if (family === 6 || direction === "original" || entry?.natSource !== "in-effect") return named;
  const { address, port } = entry.original.source;
  return { ...named, destination: address, destinationPort: port };
}

/** Gives the connection of the pod that a received packet belongs to, as early demux finds it; null for a first packet. */
export function findDemuxed(packet: Packet): Socket | null {
  return packet.error === null ? findSocket(packet.walk.sockets, "pod", packet) : null;
}

/**
 * What `socket` of nftables looks at: an existing connection, a listener on all addresses, or what sends a SYN-ACK, which is no whole
 * socket yet and has no bound address to read (sk_fullsock in nft_socket_eval).
 */
export interface Taker {
  readonly kind: "connection" | "listener" | "request";
  readonly socket: Pick<Socket, "mode" | "mark">;
}

/** The kernel's own sockets, by which it sends answers to pings, ICMP errors and, over IPv4, resets: bound to no address. */
const OF_KERNEL: Taker = { kind: "listener", socket: { mode: "plain", mark: 0 } };

/**
 * Gives the socket that nft's `socket` finds (nft_socket_eval in net/netfilter/nft_socket.c): of a packet that the pod sends its own, of
 * one that it received the one that takes it, listeners included; null where there is none.
 */
export function findTaker(packet: Packet): Taker | null {
  const { sockets, oracle } = packet.walk;
  if (packet.in === "" && settleMaker(packet) === "kernel") return OF_KERNEL;
  if (packet.in === "" && typeof packet.maker !== "string") {
    const isSender = ({ host, local, remote }: Socket) =>
      host === "pod" && isSameEnd(local, tupleOf(packet).source) && isSameEnd(remote, tupleOf(packet).destination);
    const sender = sockets.find(isSender);
    if (!sender) oracle.giveUp("which socket nft's socket expression finds for a packet that was translated");
    return sender ? { kind: isSynAck(packet) ? "request" : "connection", socket: sender } : null;
  }
  return findReceiver(packet);
}

function isSynAck({ protocol, flags }: Packet): boolean {
  const both = TCP_FLAG_BITS.SYN | TCP_FLAG_BITS.ACK;
  return protocol === "tcp" && (flags & both) === both;
}

/** Gives the socket that takes a packet which was received: the one that TPROXY has given it to (`skb->sk`), else the one that is found. */
function findReceiver(packet: Packet): Taker | null {
  const { sockets, pod } = packet.walk;
  const { assigned } = packet;
  if (assigned !== null && !("name" in assigned)) return { kind: "connection", socket: assigned };
  const seen = asSocketSees(packet);
  const socket = assigned === null ? findSocket(sockets, "pod", seen) : null;
  if (socket !== null) return { kind: "connection", socket };
  const { destinationPort: port, destination } = seen;
  const listener = assigned ?? pod.findListener("pod", port, seen.error?.protocol ?? seen.protocol, destination);
  return listener === null ? null : { kind: "listener", socket: { mode: listener.mode, mark: 0 } };
}

/**
 * Gives a packet to TPROXY's listener, or says that there is none: the connection's own socket if it is transparent, else the
 * transparent listener at the port.
 */
export function assignListener(packet: Packet, port: number): boolean {
  const taker =
    findSocket(packet.walk.sockets, "pod", packet) ??
    packet.walk.pod.findListener("pod", port, packet.protocol, packet.destination);
  if (taker?.mode !== "transparent") return false;
  packet.assigned = taker;
  return true;
}
