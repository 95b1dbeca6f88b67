import { addressValue, familyOf, networkHolds, parseNetwork } from "../../model/address.ts";
import type { Connection, Demand } from "../../model/contract.ts";
import { isInPod, loopbackAddress } from "../../model/pod.ts";
import type { ClauseName, KumaFacts } from "./clauses.ts";
import { DNS, listenerOf, OUTBOUND, PASS_THROUGH } from "./pod.ts";

const DNS_PORT = 53;

/** Gives what must become of a connection that begins in the pod, in the order in which the documents' exceptions count. */
export function demandOutbound(facts: KumaFacts, connection: Connection): Demand {
  const { settings } = facts;
  if (isExcluded(facts, connection)) return leave("exclusions-untouched");
  if (connection.protocol === "udp") return demandUdp(facts, connection);
  if (connection.protocol !== "tcp") return leave("exclusions-untouched");
  const isLeftOver = isDns(facts, connection) && settings.outbound.jump === "append";
  if (!isLeftOver || connection.owner.uid === settings.proxyUid) return demandTcp(facts, connection);
  return leaveDns(demandTcp(facts, connection));
}

function leave(clause: ClauseName): Demand {
  return { must: "as-dialled", clause };
}

/** Kuma leaves DNS over TCP alone on purpose; its documents say nevertheless that all outgoing TCP is intercepted. */
function leaveDns(otherwise: Demand): Demand {
  if (otherwise.must !== "land-on") return otherwise;
  return {
    ...leave("dns-over-tcp-untouched"),
    deviation: {
      tool: "If DNS is redirected, TCP to port 53 of any server bypasses the proxy.",
      promise: "All outgoing TCP traffic is intercepted.",
      strict: otherwise,
    },
  } as Demand;
}

/** Ports of uids, and destinations of any protocol. */
function isExcluded({ settings }: KumaFacts, { family, protocol, owner, port, destination }: Connection): boolean {
  const holds = ({ first, last }: { first: number; last: number }, value: number) => first <= value && value <= last;
  const byUid = settings.excludeForUids.some(
    (rule) =>
      rule.protocol === protocol && holds(rule.uids, owner.uid) && rule.ports.some((range) => holds(range, port)),
  );
  return byUid || isIn(settings.outbound.excludeNetworks, family, destination);
}

/** Says whether one of some networks, of either family, holds an address. */
export function isIn(networks: readonly string[], family: 4 | 6, address: string): boolean {
  return networks.some((text) => {
    const network = familyOf(text) === family ? parseNetwork(text) : null;
    return network !== null && networkHolds(network, addressValue(address));
  });
}

/** Says whether a connection is DNS of a family in which DNS is redirected. */
function isDns({ settings, pod }: KumaFacts, { family, port }: Connection): boolean {
  const { capture } = settings.dns;
  const hasServer = pod.resolvers.some((server) => familyOf(server) === family);
  return port === DNS_PORT && (capture === "all" || (capture === "resolvers" && hasServer));
}

function demandUdp(facts: KumaFacts, connection: Connection): Demand {
  const { settings, pod } = facts;
  if (!isDns(facts, connection)) return leave("exclusions-untouched");
  if (connection.owner.uid === settings.proxyUid) return leave("proxy-untouched");
  const isCaptured = settings.dns.capture === "all" || isIn(pod.resolvers, connection.family, connection.destination);
  return isCaptured ? { must: "land-on", listener: DNS, clause: "dns-captured" } : leave("exclusions-untouched");
}

function demandTcp({ settings, pod }: KumaFacts, connection: Connection): Demand {
  const { outbound, proxyUid } = settings;
  const { family, owner, source, destination, port } = connection;
  if (outbound.redirect === "off") return leave("exclusions-untouched");
  const isPortExcluded = outbound.includePorts.length === 0 && outbound.excludePorts.includes(port);
  if (isPortExcluded) return leave("exclusions-untouched");
  const isProxy = owner.uid === proxyUid;
  const staysInside = isInPod(destination, pod.own);
  if (staysInside && source === PASS_THROUGH[family]) return leave("pass-through-untouched");
  if (staysInside && isProxy && destination !== loopbackAddress(family))
    return { must: "land-on", listener: listenerOf(settings, "inbound"), clause: "self-calls-captured" };
  if (isProxy) return leave("proxy-untouched");
  if (staysInside) return leave("loopback-untouched");
  const isIncluded = outbound.includePorts.length === 0 || outbound.includePorts.includes(port);
  if (!isIncluded) return leave("exclusions-untouched");
  return { must: "land-on", listener: OUTBOUND, clause: "outbound-captured" };
}
