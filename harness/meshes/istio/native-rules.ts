import { FAMILIES, type Family, familyOf } from "../../model/address.ts";
import type { Range } from "../../model/match.ts";
import type { BaseChain, Chain, Rule, Ruleset, Table } from "../../model/ruleset.ts";
import type { PodFacts } from "../mesh.ts";
import {
  isAddress,
  isInterface,
  isPort,
  isProtocol,
  isState,
  makeBaseChain,
  makeCountingRule,
  makeNftTable,
} from "../nft-rules.ts";
import { jumpTo, RETURN, redirectTo } from "../rules.ts";
import { single } from "./matches.ts";
import { NATIVE_CHAINS } from "./native-chains.ts";
import { nativeDnsRedirects, nativeRawTable } from "./native-dns.ts";
import { nativeOutboundRules } from "./native-outbound.ts";
import { nativeTproxyRules } from "./native-tproxy.ts";
import { type CapturedServers, findCapturedServers, hasIpv6 } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

const TCP = isProtocol("tcp");
const NAT: Omit<BaseChain, "policy" | "hook"> = { type: "nat", priority: -100 };
const MANGLE = -150;

/**
 * Gives the tables that istio-iptables makes with --native-nftables at 86c9f01fd735 (tools/istio-nftables/pkg/capture/run.go): one of both
 * families for each of iptables'. They see IPv6 in a pod without IPv6 rules as well, but for the rules that name addresses.
 */
export function generateNative(
  settings: IstioSettings,
  { addresses, resolvers }: Pick<PodFacts, "addresses" | "resolvers">,
): { readonly ip: Ruleset; readonly ip6: Ruleset } {
  const families = hasIpv6(settings, addresses) ? FAMILIES : ([4] as const);
  const servers = keepFamilies(findCapturedServers(settings, resolvers), families);
  const tables = [
    makeNatTable(settings, servers, families),
    ...makeMangleTable(settings, families),
    ...nativeRawTable(settings, servers, families),
  ];
  return { ip: { family: 4, tables }, ip6: { family: 6, tables } };
}

/** Servers of a family without rules have no rule that names them; where no other server is left, the owners' rules stay. */
function keepFamilies(servers: CapturedServers, families: readonly Family[]): CapturedServers {
  if (typeof servers === "string") return servers;
  return { 4: servers[4], 6: families.includes(6) ? servers[6] : [] };
}

function makeNatTable(settings: IstioSettings, servers: CapturedServers, families: readonly Family[]): Table {
  const { excludeInterfaces, proxyPort, inboundCapturePort } = settings;
  const inbound = inboundRules(settings);
  const prerouting = [
    ...virtualMachineRules(settings, families),
    ...excludeInterfaces.map((name) => makeCountingRule([isInterface("meta iifname", name)], RETURN)),
    ...inbound.jumps,
  ];
  const output = [
    ...excludeInterfaces.map((name) => makeCountingRule([isInterface("meta oifname", name)], RETURN)),
    makeCountingRule([], jumpTo(NATIVE_CHAINS.outbound)),
  ];
  return makeNftTable("istio-proxy-nat", [
    ...base("prerouting", NAT, prerouting),
    ...base("output", NAT, output),
    ...chain(NATIVE_CHAINS.inbound, inbound.rules),
    ...chain(NATIVE_CHAINS.outboundRedirect, [makeCountingRule([TCP], redirectTo(proxyPort))]),
    ...chain(NATIVE_CHAINS.inboundRedirect, [makeCountingRule([TCP], redirectTo(inboundCapturePort))]),
    ...chain(NATIVE_CHAINS.outbound, nativeOutboundRules(settings, servers, families)),
    ...chain(NATIVE_CHAINS.dns, nativeDnsRedirects(servers)),
  ]);
}

/** As with iptables: each rule is put at the top of the chain, so that both kinds stand in reverse order and the redirects come first. */
function virtualMachineRules(settings: IstioSettings, families: readonly Family[]): readonly Rule[] {
  const { kubevirtInterfaces: names, outboundIpRangesInclude: included } = settings;
  const redirect = jumpTo(NATIVE_CHAINS.outboundRedirect);
  const from = (name: string) => isInterface("meta iifname", name);
  const networks = included === "*" ? null : included.filter((network) => families.includes(familyOfNetwork(network)));
  const redirects =
    networks === null
      ? names.map((name) => makeCountingRule([from(name)], redirect))
      : networks.flatMap((network) =>
          names.map((name) => makeCountingRule([from(name), isAddress("daddr", network)], redirect)),
        );
  return [...names.map((name) => makeCountingRule([from(name)], RETURN)), ...redirects].toReversed();
}

function familyOfNetwork(network: string): Family {
  return familyOf(network.split("/")[0] ?? network);
}

function inboundRules(settings: IstioSettings): { readonly jumps: readonly Rule[]; readonly rules: readonly Rule[] } {
  const { inboundPortsInclude: included, inboundPortsExclude, inboundTunnelPort, interceptionMode } = settings;
  const to = (ports: Range) => isPort("tcp dport", ports);
  const tunnel = makeCountingRule([to(single(inboundTunnelPort))], RETURN);
  if (interceptionMode === "TPROXY" || included.length === 0) return { jumps: [], rules: [tunnel] };
  const redirect = jumpTo(NATIVE_CHAINS.inboundRedirect);
  const rules =
    included === "*"
      ? [
          ...inboundPortsExclude.map((ports) => makeCountingRule([to(ports)], RETURN)),
          makeCountingRule([TCP], redirect),
        ]
      : included.map((ports) => makeCountingRule([to(ports)], redirect));
  return { jumps: [makeCountingRule([TCP], jumpTo(NATIVE_CHAINS.inbound))], rules: [tunnel, ...rules] };
}

/** Unlike iptables' rule the one for invalid packets asks for TCP. */
function makeMangleTable(settings: IstioSettings, families: readonly Family[]): readonly Table[] {
  const { dropInvalid, excludeInterfaces, interceptionMode } = settings;
  const isTproxy = interceptionMode === "TPROXY";
  const drops = dropInvalid === "on";
  if (!isTproxy && !drops) return [];
  const tproxy = nativeTproxyRules(settings, families);
  const excluded = isTproxy ? excludeInterfaces : [];
  const prerouting = [
    ...excluded.map((name) => makeCountingRule([isInterface("meta iifname", name)], RETURN)),
    ...(drops ? [makeCountingRule([TCP, isState("invalid")], jumpTo(NATIVE_CHAINS.drop))] : []),
    ...tproxy.prerouting,
  ];
  const output = [
    ...excluded.map((name) => makeCountingRule([isInterface("meta oifname", name)], RETURN)),
    ...tproxy.output,
  ];
  const table = makeNftTable("istio-proxy-mangle", [
    ...base("prerouting", { type: "filter", priority: MANGLE }, prerouting),
    ...base("output", { type: "route", priority: MANGLE }, output),
    ...tproxy.chains.flatMap(([name, rules]) => chain(name, rules)),
    ...chain(NATIVE_CHAINS.drop, drops ? [makeCountingRule([], { kind: "drop" })] : []),
  ]);
  return [table];
}

/** A chain without rules is not made. */
function base(hook: "prerouting" | "output", kind: Omit<BaseChain, "policy" | "hook">, rules: readonly Rule[]) {
  return rules.length === 0 ? [] : [makeBaseChain(hook, { hook, ...kind }, rules)];
}

function chain(name: string, rules: readonly Rule[]): readonly Chain[] {
  return rules.length === 0 ? [] : [{ name, base: null, rules }];
}
