import type { Connection, Demand } from "../../model/contract.ts";
import { isLoopback, POD_INTERFACE } from "../../model/pod.ts";
import { demandInside } from "./inbound-contract.ts";
import { isTransparent, nameDnsListener, nameListener } from "./pod.ts";
import {
  DNS_PORT,
  findExit,
  holds,
  isInside,
  isLeftLoopback,
  leave,
  namesFamily,
  namesInterface,
  networksHold,
  PASS_THROUGH,
  type Situation,
  takeOutbound,
} from "./situation.ts";

/** Gives what must become of a connection that the pod itself makes. */
export function demandOutbound(situation: Situation, connection: Connection): Demand {
  const { settings } = situation;
  const { owner, source, family } = connection;
  // The kernel delivers what a socket marks so to the pod itself, whatever its destination; only an answer to a client is meant to.
  const isRerouted = isTransparent(settings) && namesFamily(situation, family);
  if (isRerouted && owner.mark === settings.tproxyMark)
    return isPassThrough(situation, connection) && !isAnswerLost(situation, connection)
      ? leave("pass-through-untouched")
      : { must: "unspecified", mayReturn: REROUTED };
  const demand = demandRedirect(situation, connection);
  const staysInside = isInside(connection.destination, situation) && source !== PASS_THROUGH[family];
  return (demand.must === "as-dialled" && staysInside && demandInside(situation, connection)) || demand;
}

/** With TPROXY Envoy runs as root. */
const ROOT = 0;
const REROUTED = "whose mark makes the kernel deliver them to the pod itself, whatever they dial";

/** Says whether a socket of the pod has another host's address, which with TPROXY the proxy's alone have where it captures. */
export function isBorrowed(situation: Situation, { startedOn, family, source, owner }: Connection): boolean {
  const { settings } = situation;
  if (startedOn !== "pod" || !isTransparent(settings) || isInside(source, situation)) return false;
  return !namesFamily(situation, family) || owner.mark !== settings.tproxyMark;
}

/**
 * Says whether the app's answer is left alone, the mark that brings it back included: it would leave by an excluded interface, or the pod's
 * own ones are excluded. Who is behind an excluded interface is never a client of the proxy's.
 */
function isAnswerLost(situation: Situation, connection: Connection): boolean {
  const exit = findExit({ ...connection, destination: connection.source }, situation);
  return [POD_INTERFACE, "lo", exit].some((name) => namesInterface(situation.settings.excludeInterfaces, name));
}

/** Says whether this is what the proxy makes for inbound traffic with TPROXY: to the pod, by its gid alone, since it runs as root. */
function isPassThrough(situation: Situation, { protocol, owner, destination, family }: Connection): boolean {
  const { settings, own } = situation;
  const isByGid = owner.uid === ROOT || !holds(settings.proxyUid, owner.uid);
  const isProxys = isByGid && holds(settings.proxyGid, owner.gid);
  return protocol === "tcp" && isProxys && destination === own[family];
}

function demandRedirect(situation: Situation, connection: Connection): Demand {
  const { settings } = situation;
  const { destination, source, protocol, port, family, owner } = connection;
  const inside = isInside(destination, situation);
  if (namesInterface(settings.excludeInterfaces, findExit(connection, situation))) return leave("interfaces-untouched");
  if (protocol !== "icmp" && holds(settings.outboundPortsExclude, port)) return leave("exclusions-untouched");
  if (inside && source === PASS_THROUGH[family]) return leave("pass-through-untouched");
  const byOwner = demandByOwner(situation, connection, inside);
  if (byOwner !== null) return byOwner;
  if (!isGroupCaptured(situation, owner.gid)) return leave("groups-untouched");
  return demandDns(situation, connection) ?? demandByDestination(situation, connection);
}

/**
 * Gives what the proxy's ids decide. Inside the pod the first of them, uids before gids, decides for everybody: whoever is not it counts as
 * a workload. While DNS is captured that is so of TCP alone, and not of port 53; and if a loopback address is to be captured, of nothing.
 */
function demandByOwner(situation: Situation, connection: Connection, inside: boolean): Demand | null {
  const { settings, servers } = situation;
  const { protocol, port, owner, destination, family } = connection;
  const ids = [
    ...settings.proxyUid.map((range) => ({ range, id: owner.uid, sparesDns: true })),
    ...settings.proxyGid.map((range) => ({ range, id: owner.gid, sparesDns: false })),
  ];
  const isTcp = protocol === "tcp";
  const capturesDns = servers !== "none";
  const isSettledByFirst = inside && !includesLoopback(situation) && (!capturesDns || (isTcp && port !== DNS_PORT));
  const asked = isSettledByFirst ? ids.slice(0, 1) : ids;
  const found = asked.find(({ range, id }) => holds([range], id));
  if (!found) return asked.length > 0 && isSettledByFirst ? leave("inside-untouched") : null;
  const isSpared = port === settings.inboundTunnelPort || (found.sparesDns && capturesDns && port === DNS_PORT);
  const isSelfCall =
    namesFamily(situation, family) && isTcp && inside && !isLeftLoopback(destination, family, situation) && !isSpared;
  if (!isSelfCall) return leave("proxy-untouched");
  const listener = nameListener(settings, settings.inboundCapturePort);
  const taken = { must: "land-on", listener, by: "redirect", clause: "self-calls-captured" } as const;
  // TPROXY would take it as well, at the address dialled, and whoever dials.
  return isTransparent(settings) ? { ...taken, acceptedAt: "loopback" } : taken;
}

/** Whoever wants a loopback address captured wants calls inside the pod captured. The address counts as it was written. */
function includesLoopback({ settings: { outboundIpRangesInclude: included } }: Situation): boolean {
  const addresses = included === "*" ? [] : included.map((text) => text.split("/")[0] ?? "");
  return addresses.some((address) => isLoopback(address) && address !== PASS_THROUGH[6]);
}

function isGroupCaptured({ settings }: Situation, gid: number): boolean {
  const { ownerGroupsInclude, ownerGroupsExclude } = settings;
  return ownerGroupsInclude === "*" ? !holds(ownerGroupsExclude, gid) : holds(ownerGroupsInclude, gid);
}

/** A server is asked wherever it is, inside the pod too. */
function demandDns(
  { settings, servers }: Situation,
  { protocol, port, destination, family }: Connection,
): Demand | null {
  if (servers === "none" || protocol === "icmp" || port !== DNS_PORT) return null;
  if (servers !== "all" && !servers[family].includes(destination)) return null;
  return { must: "land-on", listener: nameDnsListener(settings), by: "redirect", clause: "dns-captured" };
}

/** The help text says that exclusions count only where every network is captured; they count with a list as well. */
function demandByDestination(situation: Situation, { protocol, port, destination, family }: Connection): Demand {
  const { settings } = situation;
  const { outboundPortsInclude, outboundIpRangesInclude, outboundIpRangesExclude } = settings;
  if (isLeftLoopback(destination, family, situation)) return leave("loopback-untouched");
  const isIncluded =
    protocol === "tcp" &&
    (holds(outboundPortsInclude, port) || networksHold(outboundIpRangesInclude, destination, family, situation));
  if (!networksHold(outboundIpRangesExclude, destination, family, situation))
    return isIncluded ? takeOutbound(settings) : leave("rest-untouched");
  const untouched = leave("exclusions-untouched");
  return isIncluded && outboundIpRangesInclude !== "*"
    ? { ...untouched, deviation: { ...EXCLUSIONS, strict: takeOutbound(settings) } }
    : untouched;
}

const EXCLUSIONS = {
  tool: "Excluded networks are not captured regardless of -i.",
  promise: "Excluded networks have an effect only if -i is *.",
} as const;
