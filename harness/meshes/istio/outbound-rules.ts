import { addressValue, type Family, familyOf } from "../../model/address.ts";
import type { Match, Range } from "../../model/match.ts";
import { loopbackAddress } from "../../model/pod.ts";
import type { Rule } from "../../model/ruleset.ts";
import { jumpTo, makeRule, matchAddress, matchInterface, RETURN, TCP } from "../rules.ts";
import { CHAINS, notToPort, ownedBy, single, toPort } from "./matches.ts";
import type { CapturedServers } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

const DNS_PORT = 53;
/** The source of what the proxy's inbound pass-through sends on. */
export const PASS_THROUGH_SOURCE: Readonly<Record<Family, string>> = { 4: "127.0.0.6", 6: "::6" };

/** Gives the addresses inside the pod that are left alone: a setting for IPv4, ::1 for IPv6. */
export function loopbackOf({ loopbackNetwork }: IstioSettings, family: Family): string {
  return family === 4 ? loopbackNetwork : loopbackAddress(6);
}

/** Gives what the pass-through sends inside the pod: `-s 127.0.0.6/32`. */
export function fromPassThrough(family: Family): readonly Match[] {
  return matchAddress("source", PASS_THROUGH_SOURCE[family]);
}

/** Gives the chain of outbound traffic in the table nat; the order is the tool's (pkg/capture/run.go, Run). */
export function outboundRules(settings: IstioSettings, servers: CapturedServers, family: Family): readonly Rule[] {
  const { proxyUid, proxyGid } = settings;
  const redirect = jumpTo(CHAINS.outboundRedirect);
  const ofFamily = (networks: readonly string[]) => networks.filter((network) => familyOf(network) === family);
  const to = (network: string) => matchAddress("destination", network);
  const included = settings.outboundIpRangesInclude;
  return [
    ...settings.outboundPortsExclude.flatMap((ports) =>
      (["tcp", "udp"] as const).map((protocol) => makeRule(RETURN, ...toPort(protocol, ports))),
    ),
    makeRule(RETURN, ...fromPassThrough(family), matchInterface("out-interface", "lo")),
    ...proxyUid.flatMap((ids) => ownerRules(settings, servers, family, { what: "uid", ids })),
    ...proxyGid.flatMap((ids) => ownerRules(settings, servers, family, { what: "gid", ids })),
    ...groupRules(settings),
    ...(capturesFamily(servers, family) ? [makeRule(jumpTo(CHAINS.dns))] : []),
    makeRule(RETURN, ...to(loopbackOf(settings, family))),
    ...ofFamily(settings.outboundIpRangesExclude).map((network) => makeRule(RETURN, ...to(network))),
    ...settings.outboundPortsInclude.map((ports) => makeRule(redirect, ...toPort("tcp", ports))),
    ...(included === "*"
      ? [makeRule(redirect)]
      : ofFamily(included).map((network) => makeRule(redirect, ...to(network)))),
  ];
}

/** Says whether DNS of a family goes through the chain for DNS. */
export function capturesFamily(servers: CapturedServers, family: Family): boolean {
  return servers !== "none" && (servers === "all" || servers[family].length > 0);
}

/**
 * Gives the rules of one uid or gid: its calls to the pod itself go to the inbound port, everybody else's are left alone, and so is all
 * else of its own. While DNS is captured, TCP to port 53 inside the pod is spared; the tool forgets that in the first rule of a gid.
 */
function ownerRules(
  settings: IstioSettings,
  servers: CapturedServers,
  family: Family,
  { what, ids }: { readonly what: "uid" | "gid"; readonly ids: Range },
): readonly Rule[] {
  const onLoopback = matchInterface("out-interface", "lo");
  const tunnel = single(settings.inboundTunnelPort);
  const dns = single(DNS_PORT);
  const capturesDns = servers !== "none";
  const sparesBoth: readonly Match[] = [
    TCP,
    { kind: "multiport", negated: true, side: "destination", ports: [dns, tunnel] },
  ];
  const spared = capturesDns && what === "uid" ? sparesBoth : notToPort("tcp", tunnel);
  const others = ownedBy(what, ids, true);
  return [
    makeRule(
      jumpTo(CHAINS.inboundRedirect),
      ...matchAddress("destination", loopbackOf(settings, family), true),
      onLoopback,
      ...spared,
      ownedBy(what, ids),
    ),
    ...(namesLoopback(settings.outboundIpRangesInclude)
      ? []
      : [makeRule(RETURN, onLoopback, ...(capturesDns ? notToPort("tcp", dns) : []), others)]),
    makeRule(RETURN, ownedBy(what, ids)),
  ];
}

/** Groups to capture are one rule, so that none of them is left alone; groups to leave alone are one rule each. */
function groupRules({ ownerGroupsInclude, ownerGroupsExclude }: IstioSettings): readonly Rule[] {
  if (ownerGroupsInclude === "*") return ownerGroupsExclude.map((ids) => makeRule(RETURN, ownedBy("gid", ids)));
  return [makeRule(RETURN, ...ownerGroupsInclude.map((ids) => ownedBy("gid", ids, true)))];
}

/** Says whether a network list names a loopback address: the tool then writes no rule that leaves calls inside the pod alone. */
export function namesLoopback(networks: IstioSettings["outboundIpRangesInclude"]): boolean {
  if (networks === "*") return false;
  return networks.some((text) => {
    const address = text.split("/")[0] ?? "";
    return familyOf(address) === 4 ? address.startsWith("127.") : addressValue(address) === 1n;
  });
}
