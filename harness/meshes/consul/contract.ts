import { addressValue, type Family, familyOf, type Network, networkHolds, parseNetwork } from "../../model/address.ts";
import type { Clause, Connection, Contract, Demand, Deviation } from "../../model/contract.ts";
import type { Range } from "../../model/match.ts";
import { isInPod, isLoopback, loopbackAddress } from "../../model/pod.ts";
import { networkRanges } from "../../model/value-ranges.ts";
import { capturesDnsOf, DNS, OUTBOUND, PUBLIC } from "./pod.ts";
import type { ConsulSettings } from "./settings.ts";

const CLAUSES = {
  "dns-captured": "DNS goes to Consul's server.",
  "proxy-untouched": "Connections from the proxy's uid are not captured, including those to its own pod.",
  "loopback-untouched": "Connections to the loopback address are not captured.",
  "exclusions-untouched":
    "Excluded ports, networks and uids, IPv6 without DualStack, and everything other than TCP are not captured.",
  "inbound-captured": "TCP from peers goes to the proxy's public listener.",
  "outbound-captured": "All other TCP from the pod goes to the proxy, including connections to its own address.",
} as const;

type ClauseName = keyof typeof CLAUSES;

const DNS_PORT = 53;

/** Gives what Consul's SDK does for settings, in words of its documents; `own` are the pod's addresses. */
export function makeContract(settings: ConsulSettings, own: Readonly<Record<Family, string>>): Contract {
  return {
    clauses: Object.entries(CLAUSES)
      .filter(([name]) => name !== "dns-captured" || capturesDns(settings))
      .map(
        ([name, says]): Clause => ({ name, says, origin: isGiven(name as ClauseName, settings) ? "given" : "usual" }),
      ),
    protocols: ["tcp", "udp"],
    demand: (connection) => demand(settings, connection, own),
    splitPoints: (family) => ({
      addresses: [loopbackAddress(family), ...dnsDestination(settings, family)]
        .flatMap((address) => parseNetwork(address) ?? [])
        .concat(networksOf(settings, family))
        .flatMap(networkRanges),
      ports: [
        ...[...settings.excludeInboundPorts, ...settings.excludeOutboundPorts].map(toBig),
        ...(capturesDns(settings) ? [[BigInt(DNS_PORT), BigInt(DNS_PORT)] as const] : []),
      ],
      ids: [settings.proxyUid, ...settings.excludeUids].map(toBig),
      marks: [],
    }),
  };
}

function toBig({ first, last }: Range): readonly [bigint, bigint] {
  return [BigInt(first), BigInt(last)];
}

function holds(ranges: readonly Range[], value: number): boolean {
  return ranges.some(({ first, last }) => first <= value && value <= last);
}

function capturesDns({ dnsAddress, dnsPort }: ConsulSettings): boolean {
  return dnsAddress !== null || dnsPort !== null;
}

/** The one address whose DNS is captured; none where DNS to anywhere is. */
function dnsDestination({ dnsAddress, dnsPort }: ConsulSettings, family: Family): readonly string[] {
  return dnsPort === null ? [] : [dnsAddress ?? loopbackAddress(family)];
}

function networksOf({ excludeOutboundNetworks }: ConsulSettings, family: Family): readonly Network[] {
  return excludeOutboundNetworks
    .filter((network) => familyOf(network) === family)
    .flatMap((network) => parseNetwork(network) ?? []);
}

function isGiven(name: ClauseName, settings: ConsulSettings): boolean {
  const { excludeInboundPorts, excludeOutboundPorts, excludeOutboundNetworks, excludeUids } = settings;
  const excluded = [...excludeInboundPorts, ...excludeOutboundPorts, ...excludeOutboundNetworks, ...excludeUids];
  return name === "dns-captured" || (name === "exclusions-untouched" && excluded.length > 0);
}

function leave(clause: ClauseName): Demand {
  return { must: "as-dialled", clause };
}

function demand(settings: ConsulSettings, connection: Connection, own: Readonly<Record<Family, string>>): Demand {
  const { family, protocol, startedOn, destination } = connection;
  if (family === 6 && settings.dualStack === "off") return leave("exclusions-untouched");
  if (startedOn === "pod") return demandDns(settings, connection, own) ?? demandOutbound(settings, connection);
  if (destination !== own[family]) return { must: "unspecified" };
  return protocol === "tcp" ? demandInbound(settings, connection) : leave("exclusions-untouched");
}

/**
 * DNS of every uid, the proxy's too. With an address alone DNS to anywhere is sent there; what was dialled at a loopback address, or from
 * one, keeps that as its source and gets nowhere, which no document promises or denies.
 */
function demandDns(
  settings: ConsulSettings,
  { family, port, protocol, source, destination, owner }: Connection,
  own: Readonly<Record<Family, string>>,
): Demand | null {
  if (!capturesDns(settings) || port !== DNS_PORT || protocol === "icmp" || !capturesDnsOf(settings, family))
    return null;
  const captured = { must: "land-on", listener: DNS, clause: "dns-captured" } as const;
  const taken = holds([settings.proxyUid], owner.uid) ? { ...captured, deviation: PROXYS_DNS } : captured;
  const [only] = dnsDestination(settings, family);
  if (only !== undefined && destination !== only) return null;
  const isElsewhere = settings.dnsAddress !== null && !isInPod(settings.dnsAddress, own);
  const leavesLoopback = isElsewhere && (isLoopback(destination) || isLoopback(source));
  const isOwn = only === undefined && destination === own[family];
  return leavesLoopback || isOwn ? { must: "unspecified" } : taken;
}

const PROXYS_DNS: Deviation = {
  tool: "DNS that the proxy itself asks for is captured like that of every other uid.",
  promise: "The proxy's own traffic is not redirected.",
  strict: leave("proxy-untouched"),
};

function demandOutbound(settings: ConsulSettings, { family, protocol, owner, port, destination }: Connection): Demand {
  if (protocol !== "tcp") return leave("exclusions-untouched");
  if (holds(settings.excludeUids, owner.uid)) return leave("exclusions-untouched");
  if (networksOf(settings, family).some((network) => networkHolds(network, addressValue(destination))))
    return leave("exclusions-untouched");
  if (holds(settings.excludeOutboundPorts, port)) return leave("exclusions-untouched");
  if (holds([settings.proxyUid], owner.uid)) return leave("proxy-untouched");
  if (destination === loopbackAddress(family)) return leave("loopback-untouched");
  return { must: "land-on", listener: OUTBOUND, clause: "outbound-captured" };
}

function demandInbound(
  { excludeInboundPorts, inboundPort, outboundPort }: ConsulSettings,
  { port }: Connection,
): Demand {
  if (holds(excludeInboundPorts, port)) return leave("exclusions-untouched");
  return { must: "land-on", listener: inboundPort === outboundPort ? OUTBOUND : PUBLIC, clause: "inbound-captured" };
}
