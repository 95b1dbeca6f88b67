import type { HostName } from "../model/pod.ts";
import { type EndPoint, isSameEnd, type Tuple } from "./entry.ts";
import { type Arrival, carryPacket } from "./network.ts";
import { makePacket, type Packet } from "./packet.ts";
import { makeKernelReset } from "./reject.ts";
import { findSocket, type Listener, type Socket } from "./sockets.ts";
import type { Walk } from "./walk.ts";

/** How a connection ended for who made it. `at`: who listened, as which end points, and what had been dialled: in the pod
 * conntrack says so, elsewhere the dialler. */
export type Ending =
  | Taken
  | { readonly kind: "refused"; readonly at: EndPoint }
  | { readonly kind: "reset" | "timed-out" | "unreachable" }
  /** `host`: whose kernel replied to an echo request; `ends`: as that host saw the request. */
  | { readonly kind: "replied"; readonly host: HostName; readonly ends: Tuple }
  /**
   * `host`: whose listener took the datagram; `replyFrom`: where an answer came from that was not the one dialled; `taken`: how that
   * listener got it.
   */
  | {
      readonly kind: "unanswered";
      readonly host?: HostName;
      readonly replyFrom?: EndPoint;
      readonly taken?: Taken;
    };

/** A listener that got a connection or a datagram. */
export type Taken = {
  readonly kind: "listener";
  readonly listener: Listener;
  readonly ends: Tuple;
  readonly dialled: EndPoint;
};

/** The ending of a flow whose dialler heard nothing. */
export const TIMED_OUT: Ending = { kind: "timed-out" };
/** The ending of a flow whose connection was made, and then nothing was heard. */
export const UNANSWERED: Ending = { kind: "unanswered" };
/** The ending of a flow that a TCP reset ended, other than the refusal of a closed port. */
export const RESET: Ending = { kind: "reset" };

/** Makes a segment of a connection as one end sends it. */
export function makeSegment(walk: Walk, from: Socket, flags: number, maker: Packet["maker"] = from.owner): Packet {
  return makePacket({
    walk,
    family: from.local.address.family,
    flags,
    source: from.local.address,
    sourcePort: from.local.port,
    destination: from.remote.address,
    destinationPort: from.remote.port,
    maker,
    mark: from.host === "pod" ? from.mark : 0,
  });
}

/**
 * Sends one packet from one end to the other; null where it arrives. Strangers to whom it comes instead answer with a reset. One is the
 * listener that TPROXY assigns to a later packet, finding no connection under the addresses it sees: nat has changed them for the first
 * one, and changes them for this one only afterwards (skb_steal_sock, include/net/inet_sock.h: what is assigned is not looked up).
 */
export function sendSegment(
  walk: Walk,
  from: Socket,
  to: Socket,
  flags: number,
  maker: Packet["maker"] = from.owner,
): Ending | null {
  return carrySegment(makeSegment(walk, from, flags, maker), walk, from, to);
}

/** Carries a segment; null where it arrives at the other end. */
export function carrySegment(packet: Packet, walk: Walk, from: Socket, to: Socket): Ending | null {
  const arrival = carryPacket(packet, walk, from.host);
  if (arrival.kind === "lost") return isReset(arrival, walk, from) ? RESET : TIMED_OUT;
  const taker = packet.assigned ?? findSocket(walk.sockets, arrival.host, packet);
  if (taker === to) return null;
  return reaches(makeKernelReset(packet), walk, arrival.host, from) ? RESET : TIMED_OUT;
}

/** A made connection heeds resets alone: ICMP errors are no more than a hint to it (tcp_v4_err, tcp_v6_err). */
function isReset({ answer }: Arrival & { kind: "lost" }, walk: Walk, sender: Socket): boolean {
  return answer !== null && answer.packet.error === null && reaches(answer.packet, walk, answer.from, sender);
}

/**
 * Says whether an answer arrives at a socket, and not with the one that TPROXY has given it to: a reset from where nat had sent the first
 * packet has no connection under the addresses it still has in prerouting. An ICMP error does if what it quotes is, undone of NAT, what the
 * socket has sent.
 */
export function reaches(answer: Packet, walk: Walk, from: HostName, socket: Socket): boolean {
  const arrival = carryPacket(answer, walk, from);
  if (arrival.kind === "lost" || arrival.host !== socket.host) return false;
  if (answer.error === null) return (answer.assigned ?? findSocket([socket], socket.host, answer)) === socket;
  const { quoted } = answer.error;
  return isSameEnd(quoted.source, socket.local) && isSameEnd(quoted.destination, socket.remote);
}
