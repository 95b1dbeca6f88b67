import type { Clause } from "../../model/contract.ts";
import type { CapturedServers } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

const CLAUSES = {
  "interfaces-untouched": "What comes or goes by an excluded interface is left alone.",
  "exclusions-untouched": "Excluded ports and networks are left alone.",
  "tunnel-open": "TCP to the tunnel's port is left alone, so that it reaches the tunnel.",
  "pass-through-untouched": "What the proxy's inbound pass-through sends on is left alone.",
  "self-calls-captured": "What the proxy dials at the pod's own address goes to the proxy's inbound port.",
  "proxy-untouched": "All else that the proxy's uid or gid dials is left alone, whatever the protocol.",
  "inside-untouched": "What others dial inside the pod is left alone.",
  "groups-untouched": "What groups dial that are excluded, or not included, is left alone.",
  "dns-captured": "DNS, UDP and TCP, goes to istio-agent.",
  "loopback-untouched": "What is dialled at the loopback address is left alone.",
  "inbound-captured": "TCP from peers goes to the proxy's inbound port.",
  "outbound-captured": "TCP to elsewhere goes to the proxy's outbound port, and that of virtual machines too.",
  "rest-untouched": "All else is left alone: what no setting includes, other protocols, and IPv6 in a pod without it.",
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
    "dns-captured": servers !== "none",
  };
}
