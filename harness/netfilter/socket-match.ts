import type { SocketMatch } from "../model/match.ts";
import type { Packet } from "./packet.ts";
import { findSocket } from "./sockets.ts";

/**
 * Says whether `-m socket` holds (socket_match in xt_socket.c): an existing connection takes the packet, or with `nowildcard` a
 * listener does. All listeners of the sandbox listen on all addresses, which the match ignores otherwise.
 * A reply whose source NAT is still to be undone is looked up as the connection's first packet named itself.
 */
export function socketTakes(packet: Packet, options: SocketMatch["options"]): boolean {
  const socket = findSocket(packet.walk.sockets, "pod", asSocketSees(packet));
  const listener =
    socket === null && options.includes("nowildcard") && isLocal(packet)
      ? packet.walk.pod.findListener("pod", packet.destinationPort)
      : null;
  const mode = socket?.mode ?? listener?.mode;
  if (mode === undefined || (options.includes("transparent") && mode === "plain")) return false;
  if (options.includes("restore-skmark")) packet.mark = 0;
  return true;
}

function isLocal(packet: Packet): boolean {
  return packet.destination.host === "pod" || packet.destination.host === "loopback";
}

function asSocketSees(packet: Packet): Packet {
  const { entry, direction } = packet;
  if (entry === null || direction === "original" || entry.natSource !== "in-effect") return packet;
  const { address, port } = entry.original.source;
  return { ...packet, destination: address, destinationPort: port };
}

/**
 * Gives a packet to TPROXY's listener, or says that there is none: the connection's own socket if it is transparent, else the
 * transparent listener at the port.
 */
export function assignListener(packet: Packet, port: number): boolean {
  const taker = findSocket(packet.walk.sockets, "pod", packet) ?? packet.walk.pod.findListener("pod", port);
  if (taker?.mode !== "transparent") return false;
  packet.assigned = taker;
  return true;
}
