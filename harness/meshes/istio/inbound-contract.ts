import type { Connection, Demand, Deviation } from "../../model/contract.ts";
import type { Range } from "../../model/match.ts";
import { POD_INTERFACE } from "../../model/pod.ts";
import type { ClauseName } from "./clauses.ts";
import { listLinks, nameListener } from "./pod.ts";
import type { IstioSettings } from "./settings.ts";
import {
  holds,
  isLeftLoopback,
  leave,
  namesFamily,
  namesInterface,
  networksHold,
  type Said,
  type Situation,
  takeOutbound,
} from "./situation.ts";

/** Gives what must become of a connection from a peer. One that only passes through the pod is nobody's business. */
export function demandInbound(situation: Situation, connection: Connection): Demand {
  const { settings, own } = situation;
  const { protocol, port, destination, family } = connection;
  if (destination !== own[family]) return { must: "unspecified" };
  if (namesInterface(settings.kubevirtInterfaces, POD_INTERFACE))
    return demandVirtualMachine(situation, { ...connection, link: POD_INTERFACE });
  if (namesInterface(settings.excludeInterfaces, POD_INTERFACE)) return leave("interfaces-untouched");
  if (protocol !== "tcp" || settings.inboundPortsInclude.length === 0) return leave("rest-untouched");
  const isTproxy = settings.interceptionMode === "TPROXY";
  if (isTproxy && !namesFamily(situation, family)) return leave("rest-untouched");
  const isTunnel = port === settings.inboundTunnelPort;
  if (isTunnel && settings.interceptionMode === "REDIRECT") return leave("tunnel-open");
  if (!isPortCaptured(situation, port))
    return leave(settings.inboundPortsInclude === "*" ? "exclusions-untouched" : "rest-untouched");
  return takeInbound(situation, connection, "inbound-captured");
}

/**
 * Gives what must become of a connection from a virtual machine, which stands behind the first of the interfaces that the settings name
 * where nobody says behind which; nothing where they do not name its interface. Its traffic is outbound even where it is for the pod; only
 * TPROXY does not keep to that.
 */
export function demandVirtualMachine(situation: Situation, connection: Connection): Demand {
  const { settings } = situation;
  const { protocol, destination, family } = connection;
  const link = connection.link ?? listLinks(settings)[0] ?? "";
  const isExcluded = namesInterface(settings.excludeInterfaces, link);
  const isMachine = namesInterface(settings.kubevirtInterfaces, link);
  if (!isExcluded && !isMachine) return { must: "unspecified" };
  const untouched = leave(isExcluded && !isMachine ? "interfaces-untouched" : "rest-untouched");
  if (protocol !== "tcp") return untouched;
  const isOutbound = isMachine && networksHold(settings.outboundIpRangesInclude, destination, family, situation);
  const promised = isOutbound ? takeOutbound(settings) : untouched;
  if (settings.interceptionMode === "REDIRECT" || !namesFamily(situation, family)) return promised;
  return demandTransparent(situation, connection, { isExcluded, isOutbound, promised });
}

/** What a connection from a virtual machine is, and what the documents promise of it. */
interface MachineConnection {
  readonly isExcluded: boolean;
  readonly isOutbound: boolean;
  readonly promised: Said;
}

/**
 * TPROXY asks neither for whom a connection is nor by which interface it came, so what a virtual machine dials is inbound traffic to it.
 * What it does not capture itself passes through the pod, but the answers come from a peer, and are inbound traffic once more.
 */
function demandTransparent(
  situation: Situation,
  connection: Connection,
  { isExcluded, isOutbound, promised }: MachineConnection,
): Demand {
  const { settings, own } = situation;
  if (!isExcluded && isPortCaptured(situation, connection.port)) {
    const taken = takeInbound(situation, connection, "inbound-captured");
    // Where it is redirected as well, the inbound listener takes it all the same, but no longer under the address dialled.
    const brought = isOutbound ? { ...taken, by: "redirect" as const } : taken;
    return { ...brought, deviation: { ...MACHINES, strict: promised } };
  }
  const passesThrough = !isOutbound && connection.destination !== own[connection.family];
  if (!passesThrough || namesInterface(settings.excludeInterfaces, POD_INTERFACE)) return promised;
  const captured = answersCaptured(settings);
  if (captured === "some") return { must: "unspecified" };
  return captured === "none"
    ? promised
    : { must: "dropped", clause: promised.clause, deviation: { ...ANSWERS, strict: promised } };
}

/** The ports from which a client dials unless it says otherwise (net.ipv4.ip_local_port_range). */
const CLIENT_PORTS: Range = { first: 32768, last: 60999 };

/** Says which answers TPROXY captures: they come to the port that the client dialled from. */
function answersCaptured({ inboundPortsInclude, inboundPortsExclude }: IstioSettings): "all" | "some" | "none" {
  const isAll = inboundPortsInclude === "*";
  const { first, last } = CLIENT_PORTS;
  const ranges = isAll ? inboundPortsExclude : inboundPortsInclude;
  if (!ranges.some((range) => range.first <= last && first <= range.last)) return isAll ? "all" : "none";
  return !isAll && ranges.some((range) => range.first <= first && last <= range.last) ? "all" : "some";
}

/** The mark of what the proxy sends to the pod's own address with TPROXY; it is not a setting. */
const OUTBOUND_MARK = 1338;

/**
 * Gives what must become of a connection inside the pod that is not redirected: with TPROXY the proxy's own is captured when it comes in
 * over lo, that of others is not. Null where it is left alone.
 */
export function demandInside(situation: Situation, connection: Connection): Demand | null {
  const { settings } = situation;
  const { protocol, owner, destination, family, port } = connection;
  if (settings.interceptionMode === "REDIRECT" || protocol !== "tcp" || settings.tproxyMark === OUTBOUND_MARK)
    return null;
  if (!namesFamily(situation, family)) return null;
  if (namesInterface(settings.excludeInterfaces, "lo") || isLeftLoopback(destination, family, situation)) return null;
  const isProxy = holds(settings.proxyUid, owner.uid) || holds(settings.proxyGid, owner.gid);
  if (!isProxy && owner.mark !== OUTBOUND_MARK) return null;
  if (!isPortCaptured(situation, port)) return null;
  // A redirect would take it as well, at loopback.
  return { ...takeInbound(situation, connection, "self-calls-captured"), acceptedAt: "dialled" };
}

/** With `*` every port but the excluded ones; with a list the listed ones, where exclusions say nothing. */
function isPortCaptured({ settings }: Situation, port: number): boolean {
  const { inboundPortsInclude: included, inboundPortsExclude } = settings;
  return included === "*" ? !holds(inboundPortsExclude, port) : holds(included, port);
}

const TUNNEL: Deviation = {
  tool: "With TPROXY the tunnel's port is captured like any other port.",
  promise: "Connections to the tunnel's port are not captured.",
  strict: leave("tunnel-open"),
};

const MACHINES = {
  tool: "With TPROXY connections from a virtual machine are captured as inbound traffic.",
  promise: "Connections from a virtual machine are treated as outbound traffic.",
} as const;

const ANSWERS = {
  tool: "With TPROXY answers to a virtual machine are treated as the pod's own traffic and get lost.",
  promise: "Connections that are not captured pass through the pod, and so do their answers.",
} as const;

function takeInbound({ settings }: Situation, { port }: Connection, clause: ClauseName): Said & { must: "land-on" } {
  const isTproxy = settings.interceptionMode === "TPROXY";
  return {
    must: "land-on",
    listener: nameListener(settings, settings.inboundCapturePort),
    by: isTproxy ? "transparent" : "redirect",
    clause,
    ...(isTproxy && port === settings.inboundTunnelPort ? { deviation: TUNNEL } : {}),
  };
}
