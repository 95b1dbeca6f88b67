import type { Clause } from "../../model/contract.ts";
import { type CapturedServers, excludesDns } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

const CLAUSES = {
  "interfaces-untouched": "Traffic on an excluded interface is not captured.",
  "exclusions-untouched": "Excluded ports and networks are not captured.",
  "tunnel-open": "TCP to the tunnel's port is not captured, so that it reaches the tunnel.",
  "pass-through-untouched": "Connections from the proxy's inbound pass-through are not captured.",
  "self-calls-captured": "Connections from the proxy to the pod's own address go to the proxy's inbound port.",
  "proxy-untouched": "All other traffic from the proxy's uid or gid is not captured, whatever the protocol.",
  "inside-untouched": "Other connections inside the pod are not captured.",
  "groups-untouched": "Connections from groups that are excluded or not included are not captured.",
  "dns-captured": "DNS over UDP and TCP goes to istio-agent.",
  "loopback-untouched": "Connections to the loopback address are not captured.",
  "inbound-captured": "TCP from peers goes to the proxy's inbound port.",
  "outbound-captured":
    "TCP to other destinations goes to the proxy's outbound port, including TCP from virtual machines.",
  "rest-untouched":
    "Everything else is not captured: what no setting includes, other protocols, and IPv6 in a pod without IPv6 rules.",
} as const;

/** The name of a clause of Istio's contract. */
export type ClauseName = keyof typeof CLAUSES;

/** Gives the clauses that settings make: those of options that nobody gave are not there. */
export function listClauses(settings: IstioSettings, servers: CapturedServers): readonly Clause[] {
  const asked = askedFor(settings, servers);
  return Object.entries(CLAUSES).flatMap(([name, says]): readonly Clause[] => {
    const isAsked = asked[name as ClauseName];
    if (isAsked === false) return [];
    return [{ name, says, origin: isAsked === true ? "given" : "usual" }];
  });
}

/** Says of each clause that hangs on an option whether the option is given. */
function askedFor(settings: IstioSettings, servers: CapturedServers): Readonly<Partial<Record<ClauseName, boolean>>> {
  const { ownerGroupsInclude, ownerGroupsExclude, outboundPortsExclude, outboundIpRangesExclude } = settings;
  const inbound = settings.inboundPortsInclude === "*" ? settings.inboundPortsExclude : [];
  return {
    "interfaces-untouched": settings.excludeInterfaces.length > 0,
    "exclusions-untouched": [...inbound, ...outboundPortsExclude, ...outboundIpRangesExclude].length > 0,
    "groups-untouched": ownerGroupsInclude !== "*" || ownerGroupsExclude.length > 0,
    "dns-captured": capturesDns(settings, servers),
  };
}

/** Says whether anybody's DNS is captured: there are servers, their port is not excluded, and some group is included. */
function capturesDns(settings: IstioSettings, servers: CapturedServers): boolean {
  if (servers === "none" || excludesDns(settings) || settings.ownerGroupsInclude.length === 0) return false;
  return servers === "all" || servers[4].length + servers[6].length > 0;
}
