import type { TableName } from "../model/ruleset.ts";
import type { Hook } from "../model/trace.ts";
import { runBuiltInChain } from "./chain.ts";
import { confirmConnection, trackConnection } from "./conntrack.ts";
import { asksNat, natSideOf, noteNatAsked, rewritePacket } from "./nat.ts";
import type { Packet } from "./packet.ts";
import { ACCEPT, type Decision, DROP } from "./verdict.ts";

/*
 * The five hooks, each with its tables in the kernel's order:
 *
 *   from a link ─▶ prerouting ─▶ route ─┬─▶ input ─▶ socket
 *                                       └─▶ forward ─▶ postrouting ─▶ link
 *   from a socket ─▶ route ─▶ output ─▶ route again ─▶ postrouting ─┬─▶ link
 *                                                                   └─▶ lo ─▶ prerouting ─▶ input ─▶ socket
 */

/** Runs PREROUTING: raw, conntrack, mangle, nat. */
export function runPrerouting(packet: Packet): Decision {
  const raw = runTable("prerouting", "raw", packet);
  if (raw.kind !== "accept") return raw;
  track(packet);
  const mangle = runTable("prerouting", "mangle", packet);
  return mangle.kind === "accept" ? runNat("prerouting", packet) : mangle;
}

/** Runs INPUT: mangle, filter, nat; a connection that comes through is confirmed. */
export function runInput(packet: Packet): Decision {
  const mangle = runTable("input", "mangle", packet);
  if (mangle.kind !== "accept") return mangle;
  const filter = runTable("input", "filter", packet);
  if (filter.kind !== "accept") return filter;
  const nat = runNat("input", packet);
  if (nat.kind === "accept") confirmConnection(packet);
  return nat;
}

/** Runs FORWARD: mangle, filter. */
export function runForward(packet: Packet): Decision {
  const mangle = runTable("forward", "mangle", packet);
  return mangle.kind === "accept" ? runTable("forward", "filter", packet) : mangle;
}

/**
 * Runs OUTPUT: raw, conntrack, mangle, nat, filter. A new mark and a new destination are routed anew at once, but the out interface that
 * rules see stays the one of the first route.
 */
export function runOutput(packet: Packet, routeAgain: (packet: Packet) => void): Decision {
  const raw = runTable("output", "raw", packet);
  if (raw.kind !== "accept") return raw;
  track(packet);
  const { mark } = packet;
  const mangle = runTable("output", "mangle", packet);
  if (mangle.kind !== "accept") return mangle;
  if (packet.mark !== mark) routeAgain(packet);
  const { destination } = packet;
  const nat = runNat("output", packet);
  if (nat.kind !== "accept") return nat;
  if (packet.destination !== destination) routeAgain(packet);
  return runTable("output", "filter", packet);
}

/** Runs POSTROUTING: mangle, nat; a connection that comes through is confirmed. */
export function runPostrouting(packet: Packet): Decision {
  const mangle = runTable("postrouting", "mangle", packet);
  if (mangle.kind !== "accept") return mangle;
  const nat = runNat("postrouting", packet);
  if (nat.kind === "accept") confirmConnection(packet);
  return nat;
}

function track(packet: Packet): void {
  packet.template = null;
  if (packet.walk.pod.conntrack[packet.family] === "on") trackConnection(packet);
}

function runTable(hook: Hook, table: TableName, packet: Packet): Decision {
  const chain = packet.walk.pod.tables[packet.family][table]?.[CHAIN_NAMES[hook]];
  return chain ? runBuiltInChain(hook, chain, packet) : ACCEPT;
}

const CHAIN_NAMES = {
  prerouting: "PREROUTING",
  input: "INPUT",
  forward: "FORWARD",
  output: "OUTPUT",
  postrouting: "POSTROUTING",
} as const;

/** Consults the nat chain for a connection's first packet, then rewrites the packet as the connection's NAT says. */
function runNat(hook: Exclude<Hook, "forward">, packet: Packet): Decision {
  const side = natSideOf(hook);
  if (packet.entry !== null && asksNat(packet, side)) {
    const decision = runTable(hook, "nat", packet);
    if (decision.kind !== "accept") return DROP;
    noteNatAsked(packet.entry, side);
  }
  rewritePacket(packet, side);
  return ACCEPT;
}
