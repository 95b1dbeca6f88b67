import type { Hook } from "../model/hook.ts";
import { POD_INTERFACE } from "../model/pod.ts";
import type { RouteAgain } from "./hooks.ts";
import type { Packet } from "./packet.ts";
import type { Route } from "./routing.ts";
import { ACCEPT, type Decision } from "./verdict.ts";
import type { Walk } from "./walk.ts";

/**
 * How a packet's passage through the pod ends: at a socket of the pod, out on a link, lost silently, or rejected with an answer (as
 * REJECT's `--reject-with` prints it), by a rule or because there is no route.
 */
export type Fate =
  | { readonly kind: "arrived" | "left" | "lost" }
  | { readonly kind: "rejected"; readonly with: string };

const ARRIVED: Fate = { kind: "arrived" };
const LEFT: Fate = { kind: "left" };
const LOST: Fate = { kind: "lost" };
const NO_ROUTE: Fate = { kind: "rejected", with: "icmp6-no-route" };
const BY_DEFAULT: Route = { out: POD_INTERFACE, scope: "link" };

/** Sends a packet that the pod itself has made: routing, OUTPUT, POSTROUTING, and on `lo` also PREROUTING and INPUT. */
export function sendFromPod(packet: Packet, walk: Walk): Fate {
  return noteLostCopy(packet, sendByRoute(packet, walk));
}

function sendByRoute(packet: Packet, walk: Walk): Fate {
  if (packet.device === null) routePacket(packet);
  else packet.route = { out: packet.device, scope: packet.device === "lo" ? "local" : "link" };
  if (!hasRoute(packet)) return LOST;
  packet.out = packet.route.out;
  const output = runHook("output", packet, walk, (again) => {
    routePacket(again);
    return hasRoute(again);
  });
  if (output.kind !== "accept") return toFate(output);
  const postrouting = leaveByRoute(packet, walk);
  if (postrouting.kind !== "left" || packet.route.scope === "link") return postrouting;
  packet.in = "lo";
  packet.out = "";
  // A packet on loopback keeps the route it was sent by: its mark and destination are not looked at again.
  const prerouting = runHook("prerouting", packet, walk);
  return prerouting.kind === "accept" ? enterSocket(packet, walk) : toFate(prerouting);
}

/** Takes in a packet that came by a link: PREROUTING, routing, then INPUT, or FORWARD and POSTROUTING. */
export function receiveInPod(packet: Packet, walk: Walk, by: string): Fate {
  return noteLostCopy(packet, receiveByLink(packet, walk, by));
}

/** A copy that TEE has sent away may be answered, also where the packet itself is lost: by whom it comes to, or by who passes it on. */
function noteLostCopy({ copiedBy, walk }: Packet, fate: Fate): Fate {
  const isLost = fate.kind === "lost" || fate.kind === "rejected";
  if (copiedBy !== null && isLost) walk.oracle.giveUp(`${copiedBy}, whose copy is not lost`);
  return fate;
}

function receiveByLink(packet: Packet, walk: Walk, by: string): Fate {
  packet.in = by;
  const prerouting = runHook("prerouting", packet, walk);
  if (prerouting.kind !== "accept") return toFate(prerouting);
  if (isMartian(packet)) return LOST;
  if (isForOtherDevice(packet)) {
    if (by !== POD_INTERFACE) return NO_ROUTE;
    packet.route = BY_DEFAULT;
  } else routePacket(packet);
  if (packet.route.scope === "local") return enterSocket(packet, walk);
  // What TPROXY has given to a socket is not passed on (ip_forward in net/ipv4/ip_forward.c).
  if (packet.assigned !== null) return LOST;
  noteHopLimit(packet);
  // Before its hook (ip_forward in net/ipv4/ip_forward.c, ip6_forward in net/ipv6/ip6_output.c).
  packet.hopLimit -= 1;
  packet.out = packet.route.out;
  const forward = runHook("forward", packet, walk);
  return forward.kind === "accept" ? leaveByRoute(packet, walk) : toFate(forward);
}

/**
 * Over IPv4 nothing that came by a link gets to a loopback address (route_localnet is off), nor what claims to come from the pod itself.
 */
function isMartian({ family, source, destination }: Packet): boolean {
  if (family === 6) return false;
  return destination.host === "loopback" || source.host === "loopback" || source.host === "pod";
}

/**
 * Over IPv6 what came by a link and is for ::1 takes a route of that link's device alone (`rt6_need_strict` in ip6_route_input_lookup): by
 * the pod's interface the default route, by a virtual machine's none.
 */
function isForOtherDevice({ family, destination }: Packet): boolean {
  return family === 6 && destination.host === "loopback";
}

function enterSocket(packet: Packet, walk: Walk): Fate {
  const input = runHook("input", packet, walk);
  return input.kind === "accept" ? ARRIVED : toFate(input);
}

function leaveByRoute(packet: Packet, walk: Walk): Fate {
  packet.out = packet.route.out;
  const postrouting = runHook("postrouting", packet, walk);
  if (postrouting.kind !== "accept") return toFate(postrouting);
  if (packet.route.scope === "link") noteHopLimit(packet);
  return LEFT;
}

/** Whoever passes on a packet with a hop limit below 2 drops it (ip_forward, ip6_forward); whether anybody has to is not known. */
function noteHopLimit({ hopLimit, walk }: Packet): void {
  if (hopLimit < 2) walk.oracle.giveUp(`a hop limit of ${hopLimit}, which no host passes on`);
}

function routePacket(packet: Packet): void {
  const { destination, mark, in: link } = packet;
  const iif = link === "" ? "lo" : link;
  const found = packet.walk.pod.findRoute({ destination, mark, iif });
  if ("unknown" in found) packet.walk.oracle.giveUp(found.unknown);
  else packet.route = found;
}

/**
 * IPv4 routes no loopback source out of the host (`__mkroute_output` in net/ipv4/route.c). What a chain of type route or nat has sent there
 * is dropped at its place in the hook, before later chains see it (nf_route_table_hook4, nf_nat_ipv4_local_fn).
 */
function hasRoute({ family, source, route }: Packet): boolean {
  return family === 6 || source.host !== "loopback" || route.scope !== "link";
}

function toFate(decision: Decision): Fate {
  return decision.kind === "reject" ? { kind: "rejected", with: decision.with } : LOST;
}

/** Takes a packet through a hook; the first step that does not accept it decides. */
function runHook(hook: Hook, packet: Packet, walk: Walk, routeAgain: RouteAgain = () => true): Decision {
  packet.hook = hook;
  for (const step of walk.pod.hooks[packet.family][hook]) {
    const decision = step(packet, walk.recorder, routeAgain);
    if (decision.kind !== "accept") return decision;
  }
  return ACCEPT;
}
