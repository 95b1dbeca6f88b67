import { FAMILIES, type Family } from "../../model/address.ts";
import type { Connection, Contract, Demand } from "../../model/contract.ts";
import type { Range } from "../../model/match.ts";
import { loopbackAddress } from "../../model/pod.ts";
import type { SplitPoints } from "../../model/split-points.ts";
import { networkRanges } from "../../model/value-ranges.ts";
import { isBesideZones, type ZonedDns } from "../dns-port.ts";
import type { PodFacts } from "../mesh.ts";
import { listClauses } from "./clauses.ts";
import { demandInbound, demandVirtualMachine } from "./inbound-contract.ts";
import { demandOutbound, isBorrowed } from "./outbound-contract.ts";
import { AGENT_DNS_PORT } from "./pod.ts";
import { findCapturedServers, hasIpv6 } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";
import { DNS_PORT, holds, isInside, leave, networksOf, PASS_THROUGH, type Situation } from "./situation.ts";

/** Gives what istio-iptables does for settings, in words of its help and Istio's documents. */
export function makeContract(settings: IstioSettings, { addresses, resolvers, own, behindLink }: PodFacts): Contract {
  const isDual = hasIpv6(settings, addresses);
  const found = findCapturedServers(settings, resolvers);
  const servers = typeof found === "string" || isDual ? found : { ...found, 6: [] };
  const situation: Situation = {
    settings,
    servers,
    hasIpv6: isDual,
    own,
    behindLink: behindLink ?? null,
  };
  return {
    clauses: listClauses(settings, servers),
    protocols: ["tcp", "udp"],
    // Native tables are for both families, whatever the pod has.
    ...(settings.dropInvalid === "on"
      ? { dropsInvalid: isDual || settings.nativeNftables === "on" ? FAMILIES : ([4] as const) }
      : {}),
    demand: (connection) => demand(situation, connection),
    splitPoints: (family) => splitPoints(situation, family),
  };
}

const UNASKED_IPV6 = {
  tool: "With native nftables IPv6 is captured in a pod without IPv6 rules as well, but for the proxy's calls to its own pod.",
  promise: "IPv6 is captured if the pod's first address is IPv6, or with --dual-stack if any is.",
} as const;

/** Without IPv6 rules nothing of IPv6 is touched; tables of nftables are for both families, and only rules with addresses are missing. */
function demand(situation: Situation, connection: Connection): Demand {
  const { settings, hasIpv6 } = situation;
  if (isBorrowed(situation, connection)) return { must: "unspecified" };
  if (connection.family === 4 || hasIpv6) return demandOfFamily(situation, connection);
  if (settings.nativeNftables === "off") return leave("rest-untouched");
  const said = demandOfFamily(situation, connection);
  return said.must === "land-on" ? { ...said, deviation: { ...UNASKED_IPV6, strict: leave("rest-untouched") } } : said;
}

function demandOfFamily(situation: Situation, connection: Connection): Demand {
  if (situation.servers !== "none" && isBesideZones(connection, aboutZones(situation, connection)))
    return { must: "unspecified" };
  if (connection.startedOn === "pod") return demandOutbound(situation, connection);
  return connection.startedOn === "vm"
    ? demandVirtualMachine(situation, connection)
    : demandInbound(situation, connection);
}

function aboutZones(situation: Situation, { owner, family, source, destination }: Connection): ZonedDns {
  const { dropInvalid, proxyUid, proxyGid } = situation.settings;
  return {
    serverPort: AGENT_DNS_PORT,
    dropInvalid,
    isProxys: holds(proxyUid, owner.uid) || holds(proxyGid, owner.gid),
    isInside: isInside(destination, situation),
    // What anybody asks captured servers has a zone; only from the pass-through's address does it arrive in the pod.
    isZoned: source === PASS_THROUGH[family],
  };
}

function splitPoints({ settings, servers }: Situation, family: Family): SplitPoints {
  const all = <T>(list: "*" | readonly T[]): readonly T[] => (list === "*" ? [] : list);
  const dns: readonly Range[] = servers === "none" ? [] : [{ first: DNS_PORT, last: DNS_PORT }];
  const tunnel = { first: settings.inboundTunnelPort, last: settings.inboundTunnelPort };
  const addresses = [
    ...all(settings.outboundIpRangesInclude),
    ...settings.outboundIpRangesExclude,
    ...(typeof servers === "string" ? [] : servers[family]),
    settings.loopbackNetwork,
    loopbackAddress(family),
    PASS_THROUGH[family],
  ];
  return {
    addresses: networksOf(addresses, family).flatMap(networkRanges),
    ports: [
      ...all(settings.inboundPortsInclude),
      ...settings.inboundPortsExclude,
      ...settings.outboundPortsInclude,
      ...settings.outboundPortsExclude,
      ...dns,
      tunnel,
    ].map(toBig),
    ids: [
      ...settings.proxyUid,
      ...settings.proxyGid,
      ...all(settings.ownerGroupsInclude),
      ...settings.ownerGroupsExclude,
    ].map(toBig),
    marks:
      settings.interceptionMode === "TPROXY" ? [toBig({ first: settings.tproxyMark, last: settings.tproxyMark })] : [],
  };
}

function toBig({ first, last }: Range): readonly [bigint, bigint] {
  return [BigInt(first), BigInt(last)];
}
