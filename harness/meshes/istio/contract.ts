import type { Family } from "../../model/address.ts";
import type { Connection, Contract, Demand } from "../../model/contract.ts";
import type { Range } from "../../model/match.ts";
import { loopbackAddress } from "../../model/pod.ts";
import type { SplitPoints } from "../../model/split-points.ts";
import { networkRanges } from "../../model/value-ranges.ts";
import { isFromDnsPort } from "../dns-port.ts";
import type { PodFacts } from "../mesh.ts";
import { listClauses } from "./clauses.ts";
import { demandInbound, demandVirtualMachine } from "./inbound-contract.ts";
import { demandOutbound } from "./outbound-contract.ts";
import { findCapturedServers, hasIpv6 } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";
import { DNS_PORT, leave, networksOf, PASS_THROUGH, type Situation } from "./situation.ts";

/** Gives what istio-iptables does for settings, in words of its help and Istio's documents. */
export function makeContract(settings: IstioSettings, { addresses, resolvers, own, behindLink }: PodFacts): Contract {
  const servers = findCapturedServers(settings, resolvers);
  const situation: Situation = {
    settings,
    servers,
    hasIpv6: hasIpv6(settings, addresses),
    own,
    behindLink: behindLink ?? null,
  };
  return {
    clauses: listClauses(settings, servers),
    protocols: ["tcp", "udp"],
    demand: (connection) => demand(situation, connection),
    splitPoints: (family) => splitPoints(situation, family),
  };
}

/** Without IPv6 rules nothing of IPv6 is touched. */
function demand(situation: Situation, connection: Connection): Demand {
  if (connection.family === 6 && !situation.hasIpv6) return leave("rest-untouched");
  if (situation.servers !== "none" && isFromDnsPort(connection)) return { must: "unspecified" };
  if (connection.startedOn === "pod") return demandOutbound(situation, connection);
  return connection.startedOn === "vm"
    ? demandVirtualMachine(situation, connection)
    : demandInbound(situation, connection);
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
    marks: [],
  };
}

function toBig({ first, last }: Range): readonly [bigint, bigint] {
  return [BigInt(first), BigInt(last)];
}
