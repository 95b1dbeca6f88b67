import { type Family, familyOf } from "../../model/address.ts";
import type { Match, Range } from "../../model/match.ts";
import type { Rule } from "../../model/ruleset.ts";
import { isAddress, isInterface, isNoPort, isOwner, isPort, makeCountingRule } from "../nft-rules.ts";
import { jumpTo, RETURN } from "../rules.ts";
import { NATIVE_CHAINS } from "./native-chains.ts";
import { listServers } from "./native-dns.ts";
import { loopbackOf, namesLoopback, PASS_THROUGH_SOURCE } from "./outbound-rules.ts";
import type { CapturedServers } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

const DNS_PORT = 53;
const ON_LOOPBACK = isInterface("meta oifname", "lo");

/**
 * Gives the chain of outbound traffic. Its order is that of iptables' rules; a rule that names an address is there once for each family
 * that has rules, every other one once for both.
 */
export function nativeOutboundRules(
  settings: IstioSettings,
  servers: CapturedServers,
  families: readonly Family[],
): readonly Rule[] {
  const { proxyUid, proxyGid, outboundIpRangesInclude: included } = settings;
  const redirect = jumpTo(NATIVE_CHAINS.outboundRedirect);
  const ofFamilies = (networks: readonly string[]) =>
    families.flatMap((family) => networks.filter((network) => familyOf(network.split("/")[0] ?? "") === family));
  return [
    ...settings.outboundPortsExclude.flatMap((ports) =>
      (["tcp", "udp"] as const).map((protocol) => makeCountingRule([isPort(`${protocol} dport`, ports)], RETURN)),
    ),
    ...families.map((family) =>
      makeCountingRule([ON_LOOPBACK, isAddress("saddr", PASS_THROUGH_SOURCE[family])], RETURN),
    ),
    ...proxyUid.flatMap((ids) => ownerRules(settings, servers, families, { what: "uid", ids })),
    ...proxyGid.flatMap((ids) => ownerRules(settings, servers, families, { what: "gid", ids })),
    ...groupRules(settings),
    ...(listServers(servers).length > 0 ? [makeCountingRule([], jumpTo(NATIVE_CHAINS.dns))] : []),
    ...families.map((family) => makeCountingRule([isAddress("daddr", loopbackOf(settings, family))], RETURN)),
    ...ofFamilies(settings.outboundIpRangesExclude).map((network) =>
      makeCountingRule([isAddress("daddr", network)], RETURN),
    ),
    ...settings.outboundPortsInclude.map((ports) => makeCountingRule([isPort("tcp dport", ports)], redirect)),
    ...(included === "*"
      ? [makeCountingRule([], redirect)]
      : ofFamilies(included).map((network) => makeCountingRule([isAddress("daddr", network)], redirect))),
  ];
}

function ownerRules(
  settings: IstioSettings,
  servers: CapturedServers,
  families: readonly Family[],
  { what, ids }: { readonly what: "uid" | "gid"; readonly ids: Range },
): readonly Rule[] {
  const capturesDns = servers !== "none";
  const tunnel = settings.inboundTunnelPort;
  const spared = capturesDns && what === "uid" ? [DNS_PORT, tunnel] : [tunnel];
  const notDns: readonly Match[] = capturesDns ? [isNoPort("tcp dport", [DNS_PORT])] : [];
  const owner = isOwner(what, ids);
  return [
    ...families.map((family) =>
      makeCountingRule(
        [ON_LOOPBACK, isAddress("daddr", loopbackOf(settings, family), "!="), isNoPort("tcp dport", spared), owner],
        jumpTo(NATIVE_CHAINS.inboundRedirect),
      ),
    ),
    ...(namesLoopback(settings.outboundIpRangesInclude)
      ? []
      : [makeCountingRule([ON_LOOPBACK, ...notDns, isOwner(what, ids, "!=")], RETURN)]),
    makeCountingRule([owner], RETURN),
  ];
}

function groupRules({ ownerGroupsInclude, ownerGroupsExclude }: IstioSettings): readonly Rule[] {
  if (ownerGroupsInclude === "*")
    return ownerGroupsExclude.map((ids) => makeCountingRule([isOwner("gid", ids)], RETURN));
  return [
    makeCountingRule(
      ownerGroupsInclude.map((ids) => isOwner("gid", ids, "!=")),
      RETURN,
    ),
  ];
}
