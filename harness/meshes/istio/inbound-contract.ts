import type { Connection, Demand, Deviation } from "../../model/contract.ts";
import { POD_INTERFACE } from "../../model/pod.ts";
import type { ClauseName } from "./clauses.ts";
import { listLinks, nameListener } from "./pod.ts";
import { holds, isLeftLoopback, leave, namesInterface, networksHold, type Situation } from "./situation.ts";

/** Gives what must become of a connection from a peer. One that only passes through the pod is nobody's business. */
export function demandInbound(situation: Situation, connection: Connection): Demand {
  const { settings, own } = situation;
  const { protocol, port, destination, family } = connection;
  if (destination !== own[family]) return { must: "unspecified" };
  if (namesInterface(settings.excludeInterfaces, POD_INTERFACE)) return leave("interfaces-untouched");
  if (protocol !== "tcp" || settings.inboundPortsInclude.length === 0) return leave("rest-untouched");
  const isTunnel = port === settings.inboundTunnelPort;
  if (isTunnel && settings.interceptionMode === "REDIRECT") return leave("tunnel-open");
  if (!isPortCaptured(situation, port))
    return leave(settings.inboundPortsInclude === "*" ? "exclusions-untouched" : "rest-untouched");
  return takeInbound(situation, connection, "inbound-captured");
}

/**
 * Gives what must become of a connection from a virtual machine, which stands behind the first of the interfaces that the settings name.
 * Its traffic is outbound even where it is for the pod. With TPROXY what is captured is captured as inbound, wherever it goes; where it
 * would be redirected as well nothing is demanded.
 */
export function demandVirtualMachine(situation: Situation, connection: Connection): Demand {
  const { settings } = situation;
  const { protocol, destination, family, port } = connection;
  const [link] = listLinks(settings);
  if (link === undefined) return { must: "unspecified" };
  const isExcluded = namesInterface(settings.excludeInterfaces, link);
  if (protocol !== "tcp") return leave(isExcluded ? "interfaces-untouched" : "rest-untouched");
  const isMachine = namesInterface(settings.kubevirtInterfaces, link);
  const isOutbound = isMachine && networksHold(settings.outboundIpRangesInclude, destination, family);
  const isInbound = settings.interceptionMode === "TPROXY" && !isExcluded && isPortCaptured(situation, port);
  if (isOutbound && isInbound) return { must: "unspecified" };
  if (isInbound) return takeInbound(situation, connection, "inbound-captured");
  if (isOutbound) {
    const listener = nameListener(settings, settings.proxyPort);
    return { must: "land-on", listener, by: "redirect", clause: "outbound-captured" };
  }
  return leave(isExcluded && !isMachine ? "interfaces-untouched" : "rest-untouched");
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
  if (namesInterface(settings.excludeInterfaces, "lo") || isLeftLoopback(destination, family, settings)) return null;
  const isProxy = holds(settings.proxyUid, owner.uid) || holds(settings.proxyGid, owner.gid);
  if (!isProxy && owner.mark !== OUTBOUND_MARK) return null;
  return isPortCaptured(situation, port) ? takeInbound(situation, connection, "self-calls-captured") : null;
}

/** With `*` every port but the excluded ones; with a list the listed ones, where exclusions say nothing. */
function isPortCaptured({ settings }: Situation, port: number): boolean {
  const { inboundPortsInclude: included, inboundPortsExclude } = settings;
  return included === "*" ? !holds(inboundPortsExclude, port) : holds(included, port);
}

const TUNNEL: Deviation = {
  tool: "With TPROXY the tunnel's port is captured like any other.",
  promise: "The tunnel's port is reached as dialled.",
  strict: leave("tunnel-open"),
};

function takeInbound({ settings }: Situation, { port }: Connection, clause: ClauseName): Demand {
  const isTproxy = settings.interceptionMode === "TPROXY";
  return {
    must: "land-on",
    listener: nameListener(settings, settings.inboundCapturePort),
    by: isTproxy ? "transparent" : "redirect",
    clause,
    ...(isTproxy && port === settings.inboundTunnelPort ? { deviation: TUNNEL } : {}),
  };
}
