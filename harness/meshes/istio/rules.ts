import { FAMILIES, type Family, familyOf } from "../../model/address.ts";
import type { Match, Range } from "../../model/match.ts";
import {
  deliverMarked,
  NO_POLICY_ROUTING,
  PASS_THROUGH_ON_LO,
  type PolicyRouting,
  WHOLE_MARK,
} from "../../model/policy-routing.ts";
import type { PodRules, Rule, Ruleset, Table } from "../../model/ruleset.ts";
import type { PodFacts } from "../mesh.ts";
import { jumpTo, makeRule, makeTable, matchAddress, matchInterface, RETURN, redirectTo, TCP } from "../rules.ts";
import { dnsRedirects, makeRawTable } from "./dns-rules.ts";
import { CHAINS, single, toPort } from "./matches.ts";
import { generateNative } from "./native-rules.ts";
import { capturesFamily, outboundRules } from "./outbound-rules.ts";
import { type CapturedServers, findCapturedServers, hasIpv6 } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";
import { tproxyRules } from "./tproxy-rules.ts";

/**
 * Gives the rules of istio-iptables, those of nftables if the settings ask for them. Those of iptables are the tool's at 86c9f01fd735
 * (tools/istio-iptables/pkg/capture/run.go). IPv4 rules are made in every pod; IPv6 rules depend on the pod's addresses, and without them
 * IPv6 is left as it is.
 */
export function generateRules(settings: IstioSettings, { addresses, resolvers }: PodFacts): PodRules {
  const isDual = hasIpv6(settings, addresses);
  const policyRouting = makeRouting(settings, isDual);
  if (settings.nativeNftables === "on") return { ...generateNative(settings, { addresses, resolvers }), policyRouting };
  const servers = findCapturedServers(settings, resolvers);
  return {
    ip: makeRuleset(settings, servers, 4),
    ip6: isDual ? makeRuleset(settings, servers, 6) : { family: 6, tables: [] },
    policyRouting,
  };
}

function makeRuleset(settings: IstioSettings, servers: CapturedServers, family: Family): Ruleset {
  const tables = [...makeRawTable(settings, servers, family), ...makeMangleTable(settings, family)];
  return { family, tables: [...tables, makeNatTable(settings, servers, family)] };
}

function makeNatTable(settings: IstioSettings, servers: CapturedServers, family: Family): Table {
  const { excludeInterfaces, proxyPort, inboundCapturePort } = settings;
  const inbound = inboundRules(settings);
  return makeTable("nat", family, {
    PREROUTING: [
      ...virtualMachineRules(settings, family),
      ...excludeInterfaces.map((name) => makeRule(RETURN, matchInterface("in-interface", name))),
      ...inbound.jumps,
    ],
    OUTPUT: [
      ...excludeInterfaces.map((name) => makeRule(RETURN, matchInterface("out-interface", name))),
      makeRule(jumpTo(CHAINS.outbound)),
    ],
    [CHAINS.inbound]: inbound.rules,
    [CHAINS.inboundRedirect]: [makeRule(redirectTo(inboundCapturePort), TCP)],
    [CHAINS.outbound]: outboundRules(settings, servers, family),
    [CHAINS.outboundRedirect]: [makeRule(redirectTo(proxyPort), TCP)],
    ...(capturesFamily(servers, family) ? { [CHAINS.dns]: dnsRedirects(servers, family) } : {}),
  });
}

/**
 * Each rule is put at the top of the chain, the redirects after the returns, so that both stand in reverse order and the redirects come
 * first.
 */
function virtualMachineRules(settings: IstioSettings, family: Family): readonly Rule[] {
  const { kubevirtInterfaces: names, outboundIpRangesInclude: included } = settings;
  const from = (name: string): Match => matchInterface("in-interface", name);
  const redirect = jumpTo(CHAINS.outboundRedirect);
  const networks = included === "*" ? null : included.filter((network) => familyOf(network) === family);
  const redirects =
    networks === null
      ? names.map((name) => makeRule(redirect, from(name)))
      : networks.flatMap((network) =>
          names.map((name) => makeRule(redirect, ...matchAddress("destination", network), from(name))),
        );
  return [...names.map((name) => makeRule(RETURN, from(name))), ...redirects].toReversed();
}

/** The tunnel's port is spared in every mode, but only with REDIRECT anything leads to this chain. */
function inboundRules(settings: IstioSettings): { readonly jumps: readonly Rule[]; readonly rules: readonly Rule[] } {
  const { inboundPortsInclude: included, inboundPortsExclude, inboundTunnelPort, interceptionMode } = settings;
  const to = (ports: Range) => toPort("tcp", ports);
  const tunnel = makeRule(RETURN, ...to(single(inboundTunnelPort)));
  if (interceptionMode === "TPROXY" || included.length === 0) return { jumps: [], rules: [tunnel] };
  const redirect = jumpTo(CHAINS.inboundRedirect);
  const rules =
    included === "*"
      ? [...inboundPortsExclude.map((ports) => makeRule(RETURN, ...to(ports))), makeRule(redirect, TCP)]
      : included.map((ports) => makeRule(redirect, ...to(ports)));
  return { jumps: [makeRule(jumpTo(CHAINS.inbound), TCP)], rules: [tunnel, ...rules] };
}

/** Excluded interfaces are left alone here with TPROXY only; dropping comes next, and then what TPROXY needs. */
function makeMangleTable(settings: IstioSettings, family: Family): readonly Table[] {
  const { dropInvalid, excludeInterfaces, interceptionMode } = settings;
  const isTproxy = interceptionMode === "TPROXY";
  if (!isTproxy && dropInvalid === "off") return [];
  const { PREROUTING = [], OUTPUT = [], ...chains } = tproxyRules(settings, family);
  const invalid: Match = { kind: "state", module: "conntrack", negated: false, states: ["INVALID"] };
  const exclude = (kind: "in-interface" | "out-interface") =>
    isTproxy ? excludeInterfaces.map((name) => makeRule(RETURN, matchInterface(kind, name))) : [];
  const drops = dropInvalid === "on";
  const table = makeTable("mangle", family, {
    PREROUTING: [...exclude("in-interface"), ...(drops ? [makeRule(jumpTo(CHAINS.drop), invalid)] : []), ...PREROUTING],
    OUTPUT: [...exclude("out-interface"), ...OUTPUT],
    ...chains,
    ...(drops ? { [CHAINS.drop]: [makeRule({ kind: "drop" })] } : {}),
  });
  return [table];
}

/**
 * Marked packets are for local sockets, whatever their destination, in every family that has rules (configureTProxyRoutes in
 * tools/istio-iptables/pkg/capture/run_linux.go); the pass-through needs its address on lo with IPv6.
 */
function makeRouting(settings: IstioSettings, isDual: boolean): PolicyRouting {
  const { interceptionMode, inboundPortsInclude, tproxyMark, tproxyRouteTable } = settings;
  const isNeeded = interceptionMode === "TPROXY" && inboundPortsInclude.length > 0;
  const families = isDual ? FAMILIES : ([4] as const);
  const mark = { value: tproxyMark, mask: WHOLE_MARK };
  return {
    ...(isNeeded ? deliverMarked(families, mark, tproxyRouteTable) : NO_POLICY_ROUTING),
    addresses: isDual ? [PASS_THROUGH_ON_LO] : [],
  };
}
