import type { HostName } from "../model/pod.ts";
import { leaveHost, type Packet } from "./packet.ts";
import { receiveInPod, sendFromPod } from "./passage.ts";
import { makeIcmpError, makeRejection } from "./reject.ts";

/** Where a packet came to: at a host's sockets, or nowhere; `answer` is what was sent back instead, from which host. */
export type Arrival =
  | { readonly kind: "arrived"; readonly host: HostName }
  | { readonly kind: "lost"; readonly answer: { readonly packet: Packet; readonly from: HostName } | null };

const LOST: Arrival = { kind: "lost", answer: null };

/** Carries a packet from the host that made it to where it ends, through the pod wherever the way leads there. */
export function carryPacket(packet: Packet, from: HostName): Arrival {
  if (from === "pod") return carryFromPod(packet);
  const to = nextHost(packet, from);
  if (to === from) return { kind: "arrived", host: from };
  return arriveAt(packet, to, from);
}

function carryFromPod(packet: Packet): Arrival {
  const fate = sendFromPod(packet);
  if (fate.kind === "arrived") return { kind: "arrived", host: "pod" };
  if (fate.kind === "rejected") return rejected(packet, fate.with);
  if (fate.kind === "lost") return LOST;
  const to = packet.destination.host;
  return arriveAt(packet, to === "nobody" || to === "loopback" || to === "pod" ? "upstream" : to, "pod");
}

function arriveAt(packet: Packet, host: HostName, from: HostName): Arrival {
  leaveHost(packet);
  if (host !== "pod") return arriveBeside(packet, host);
  const fate = receiveInPod(packet, from === "vm" ? (packet.walk.pod.spec.kubevirtInterfaces[0] ?? "") : "eth0");
  if (fate.kind === "arrived") return { kind: "arrived", host: "pod" };
  if (fate.kind === "rejected") return rejected(packet, fate.with);
  if (fate.kind === "lost") return LOST;
  const to = packet.destination.host;
  return to === "pod" ? LOST : arriveAt(packet, to === "nobody" || to === "loopback" ? "upstream" : to, "pod");
}

/** The hosts beside the pod have no rules. They drop what claims to come from themselves, and `upstream` knows no way to strangers. */
function arriveBeside(packet: Packet, host: HostName): Arrival {
  if (packet.source.host === "loopback" || packet.source.host === host) return LOST;
  if (packet.destination.host === host) return { kind: "arrived", host };
  if (packet.destination.host === "loopback" || host !== "upstream") return LOST;
  if (packet.destination.host !== "nobody") return arriveAt(packet, packet.destination.host, host);
  const source = packet.walk.pod.book.find(packet.walk.pod.addresses.upstream[packet.family]);
  const answer = makeIcmpError(packet, source, "unreachable");
  return { kind: "lost", answer: answer && { packet: answer, from: "upstream" } };
}

function nextHost(packet: Packet, from: HostName): HostName {
  const to = packet.destination.host;
  if (to === "loopback" || to === from) return from;
  if (from === "vm") return "pod";
  return to === "nobody" ? "upstream" : to;
}

function rejected(packet: Packet, how: string): Arrival {
  const answer = makeRejection(packet, how);
  return { kind: "lost", answer: answer && { packet: answer, from: "pod" } };
}
