import type { SocketMatch } from "../model/match.ts";
import { answerFields } from "./conntrack.ts";
import type { Packet } from "./packet.ts";
import { findSocket } from "./sockets.ts";

/**
 * Says whether `-m socket` holds (socket_match in xt_socket.c): an existing connection takes the packet, or with `nowildcard` a
 * listener does. All listeners of the sandbox listen on all addresses, which the match ignores otherwise; with it they take every packet to
 * their port, whoever's address it is for.
 * An ICMP error is looked up by what it quotes; over IPv4, a reply whose source NAT is still to be undone as the connection's first
 * packet named itself (nf_sk_lookup_slow_v4, nf_sk_lookup_slow_v6).
 */
export function socketTakes(packet: Packet, options: SocketMatch["options"]): boolean {
  const seen = asSocketSees(packet);
  const socket = findSocket(packet.walk.sockets, "pod", seen);
  const listener =
    socket === null && options.includes("nowildcard")
      ? packet.walk.pod.findListener(
          "pod",
          seen.destinationPort,
          seen.error?.protocol ?? seen.protocol,
          seen.destination,
        )
      : null;
  const mode = socket?.mode ?? listener?.mode;
  if (mode === undefined || (options.includes("transparent") && mode === "plain")) return false;
  if (options.includes("restore-skmark")) packet.mark = socket?.mark ?? 0;
  return true;
}

function asSocketSees(packet: Packet): Packet {
  const { entry, direction, error, family } = packet;
  const named = error === null ? packet : { ...packet, ...answerFields(error.quoted) };
  if (family === 6 || direction === "original" || entry?.natSource !== "in-effect") return named;
  const { address, port } = entry.original.source;
  return { ...named, destination: address, destinationPort: port };
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
