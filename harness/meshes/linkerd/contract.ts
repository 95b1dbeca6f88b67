import { addressValue, type Family, familyOf, type Network, networkHolds, parseNetwork } from "../../model/address.ts";
import type { Clause, Connection, Contract, Demand } from "../../model/contract.ts";
import { isInPod } from "../../model/pod.ts";
import { networkRanges } from "../../model/value-ranges.ts";
import { PROXY_INBOUND, PROXY_OUTBOUND } from "./pod.ts";
import type { LinkerdSettings } from "./settings.ts";

const CLAUSES = {
  "proxy-untouched": "Connections from the proxy's uid or gid are not captured.",
  "inside-untouched":
    "Connections inside the pod are not captured: loopback, and connections to the pod's own address.",
  "ignored-untouched": "Ignored ports and networks are not captured, nor is IPv6 if it is disabled.",
  "inbound-captured": "TCP from peers goes to the proxy's inbound port.",
  "outbound-captured": "TCP to other destinations goes to the proxy's outbound port.",
} as const;

type ClauseName = keyof typeof CLAUSES;

/** Gives what Linkerd documents for settings of its init container; `own` are the pod's addresses. */
export function makeContract(settings: LinkerdSettings, own: Readonly<Record<Family, string>>): Contract {
  return {
    clauses: Object.entries(CLAUSES).map(
      ([name, says]): Clause => ({ name, says, origin: isGiven(name as ClauseName, settings) ? "given" : "usual" }),
    ),
    protocols: ["tcp", "udp"],
    demand: (connection) => demand(settings, connection, own),
    splitPoints: (family) => ({
      addresses: networksOf(settings, family).flatMap(networkRanges),
      ports: [
        ...settings.portsToRedirect.map((port) => [BigInt(port), BigInt(port)] as const),
        ...[...settings.inboundPortsToIgnore, ...settings.outboundPortsToIgnore].map(
          ({ first, last }) => [BigInt(first), BigInt(last)] as const,
        ),
      ],
      ids: [settings.proxyUid, settings.proxyGid].flatMap((id) =>
        id === null ? [] : [[BigInt(id), BigInt(id)] as const],
      ),
      marks: [],
    }),
  };
}

function isGiven(name: ClauseName, settings: LinkerdSettings): boolean {
  const { inboundPortsToIgnore, outboundPortsToIgnore, subnetsToIgnore } = settings;
  const ignored = [...inboundPortsToIgnore, ...outboundPortsToIgnore, ...subnetsToIgnore];
  return name === "ignored-untouched" && ignored.length > 0;
}

function networksOf({ subnetsToIgnore }: LinkerdSettings, family: Family): readonly Network[] {
  return subnetsToIgnore
    .filter((subnet) => familyOf(subnet) === family)
    .flatMap((subnet) => parseNetwork(subnet) ?? []);
}

function leave(clause: ClauseName): Demand {
  return { must: "as-dialled", clause };
}

function demand(settings: LinkerdSettings, connection: Connection, own: Readonly<Record<Family, string>>): Demand {
  const { protocol, family, startedOn, destination } = connection;
  if (protocol !== "tcp" || (family === 6 && settings.ipv6 === "off")) return leave("ignored-untouched");
  const staysInside = isInPod(destination, own);
  if (startedOn === "pod") return demandOutbound(settings, connection, staysInside);
  return destination === own[family] ? demandInbound(settings, connection) : { must: "unspecified" };
}

function demandOutbound(settings: LinkerdSettings, { owner, port }: Connection, staysInside: boolean): Demand {
  const { proxyUid, proxyGid, outboundPortsToIgnore } = settings;
  if (owner.uid === proxyUid || owner.gid === proxyGid) return leave("proxy-untouched");
  if (staysInside) return leave("inside-untouched");
  if (outboundPortsToIgnore.some(({ first, last }) => first <= port && port <= last)) return leave("ignored-untouched");
  return { must: "land-on", listener: PROXY_OUTBOUND, clause: "outbound-captured" };
}

/** What is to be ignored counts more than what is listed. */
function demandInbound(settings: LinkerdSettings, { source, port, family }: Connection): Demand {
  const { inboundPortsToIgnore, portsToRedirect, incomingProxyPort, outgoingProxyPort } = settings;
  const isIgnored =
    inboundPortsToIgnore.some(({ first, last }) => first <= port && port <= last) ||
    networksOf(settings, family).some((network) => networkHolds(network, addressValue(source))) ||
    (portsToRedirect.length > 0 && !portsToRedirect.includes(port));
  if (isIgnored) return leave("ignored-untouched");
  const listener = incomingProxyPort === outgoingProxyPort ? PROXY_OUTBOUND : PROXY_INBOUND;
  return { must: "land-on", listener, clause: "inbound-captured" };
}
