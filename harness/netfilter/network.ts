import { type HostName, POD_INTERFACE, vmLinks } from "../model/pod.ts";
import { leaveHost, type Packet } from "./packet.ts";
import { type Fate, receiveInPod, sendFromPod } from "./passage.ts";
import { makeIcmpError, makeRejection } from "./reject.ts";
import type { Walk } from "./walk.ts";

/** Where a packet came to: at a host's sockets, or nowhere; `answer` is what was sent back instead, and by which host. */
export type Arrival =
  | { readonly kind: "arrived"; readonly host: HostName }
  | { readonly kind: "lost"; readonly answer: { readonly packet: Packet; readonly from: HostName } | null };

const LOST: Arrival = { kind: "lost", answer: null };

/**
 * Carries a packet from the host that made it to where it ends. `pod` and `client` hang on `upstream`, which is everybody's next hop;
 * the `vm` hangs on the pod. Only the pod has rules.
 */
export function carryPacket(packet: Packet, walk: Walk, from: HostName): Arrival {
  if (from === "pod") return leavePod(packet, walk, sendFromPod(packet, walk));
  const to = packet.destination.host;
  if (to === from || to === "loopback") return { kind: "arrived", host: from };
  if (from === "vm") return enterPod(packet, walk, vmLinks(walk.pod.spec)[0] ?? POD_INTERFACE);
  return from === "client" ? enterUpstream(packet, walk) : leaveUpstream(packet, walk);
}

function enterPod(packet: Packet, walk: Walk, by: string): Arrival {
  leaveHost(packet);
  return leavePod(packet, walk, receiveInPod(packet, walk, by));
}

function leavePod(packet: Packet, walk: Walk, fate: Fate): Arrival {
  if (fate.kind === "arrived") return { kind: "arrived", host: "pod" };
  if (fate.kind === "lost") return LOST;
  if (fate.kind === "rejected") {
    const answer = makeRejection(packet, fate.with);
    return { kind: "lost", answer: answer && { packet: answer, from: "pod" } };
  }
  const { out } = packet.route;
  leaveHost(packet);
  return out === POD_INTERFACE ? enterUpstream(packet, walk) : enterLeaf(packet, "vm");
}

function enterUpstream(packet: Packet, walk: Walk): Arrival {
  if (isMartian(packet, "upstream")) return LOST;
  if (packet.destination.host === "upstream") return { kind: "arrived", host: "upstream" };
  packet.crossedUpstream = true;
  return leaveUpstream(packet, walk);
}

/** Upstream passes packets on, of the pod's addresses to the one on its link alone, and tells their sender of those it has no route to. */
function leaveUpstream(packet: Packet, walk: Walk): Arrival {
  const { book, addresses } = walk.pod;
  const { host: to, text } = packet.destination;
  if (to === "client") return enterLeaf(packet, "client");
  if (to === "vm" || text === addresses.pod[packet.family]) return enterPod(packet, walk, POD_INTERFACE);
  if (to === "loopback" || to === "upstream") return LOST;
  const answer = makeIcmpError(packet, book.find(addresses.upstream[packet.family]), null);
  return { kind: "lost", answer: answer && { packet: answer, from: "upstream" } };
}

/**
 * A packet from a loopback address is dropped, and over IPv4 also one that claims to come from the very host it comes to
 * (fib_validate_source in net/ipv4/fib_frontend.c); IPv6 has no such check.
 */
function isMartian({ family, source }: Packet, host: HostName): boolean {
  return source.host === "loopback" || (family === 4 && source.host === host);
}

function enterLeaf(packet: Packet, host: "client" | "vm"): Arrival {
  return !isMartian(packet, host) && packet.destination.host === host ? { kind: "arrived", host } : LOST;
}
