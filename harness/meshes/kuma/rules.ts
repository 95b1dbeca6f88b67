import { type Family, familyOf } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import { NO_POLICY_ROUTING, PASS_THROUGH_ON_LO } from "../../model/policy-routing.ts";
import type { PodRules, Rule, Ruleset } from "../../model/ruleset.ts";
import type { PodFacts } from "../mesh.ts";
import { jumpTo, makeRule, makeTable, TCP } from "../rules.ts";
import { inboundRules, KUMA_CHAINS, outboundRules, redirectRule } from "./chain-rules.ts";
import { dnsRules, zoneRules } from "./dns-rules.ts";
import { exclusionRules, logRules, type Noted, noting, virtualNetworkRules } from "./hook-rules.ts";
import type { KumaSettings } from "./settings.ts";

/**
 * Gives the rules of kumactl install transparent-proxy (pkg/transparentproxy/iptables/builder at 348b6528bc23). Rules that other programs
 * have made are not looked at: a chain DOCKER_OUTPUT, to which kumactl would send the proxy's DNS, is taken as not there.
 */
export function generateRules(settings: KumaSettings, pod: PodFacts): PodRules {
  // A pod without IPv6 addresses gets no rules for it (HasLocalIPv6 in pkg/transparentproxy/config/utils.go).
  const hasIpv6 = settings.families === "dualstack" && pod.addresses.some((address) => familyOf(address) === 6);
  return {
    ip: makeRuleset(settings, 4, pod),
    ip6: hasIpv6 ? makeRuleset(settings, 6, pod) : { family: 6, tables: [] },
    policyRouting: hasIpv6 ? { ...NO_POLICY_ROUTING, addresses: [PASS_THROUGH_ON_LO] } : NO_POLICY_ROUTING,
  };
}

function makeRuleset(settings: KumaSettings, family: Family, { resolvers }: PodFacts): Ruleset {
  const noted = noting(settings);
  const servers = resolvers.filter((server) => familyOf(server) === family);
  const dns = dnsRules(settings, servers, noted);
  const zones = zoneRules(settings, family, servers, noted);
  const nat = makeTable("nat", family, {
    PREROUTING: preroutingRules(settings, family, noted),
    OUTPUT: outputRules(settings, family, dns, noted),
    [KUMA_CHAINS.inbound]: inboundRules(settings.inbound, family, noted),
    [KUMA_CHAINS.inboundRedirect]: [redirectRule(settings.inbound, noted)],
    [KUMA_CHAINS.outbound]: outboundRules(settings, family, noted),
    [KUMA_CHAINS.outboundRedirect]: [redirectRule(settings.outbound, noted)],
  });
  const raw = makeTable("raw", family, zones);
  const invalid: Match = { kind: "state", module: "conntrack", negated: false, states: ["INVALID"] };
  const text = "drop packets in the INVALID state to prevent potential issues with malformed or out-of-order packets";
  const mangle = makeTable("mangle", family, {
    PREROUTING: [makeRule({ kind: "drop" }, ...noted(text), invalid)],
  });
  const hasZones = zones.OUTPUT.length > 0;
  return {
    family,
    tables: [...(hasZones ? [raw] : []), ...(settings.dropInvalid === "on" ? [mangle] : []), nat],
  };
}

/** With virtual networks, or where the jump is to stand at the top, its comment is another one. */
function preroutingRules(settings: KumaSettings, family: Family, noted: Noted): readonly Rule[] {
  const networks = virtualNetworkRules(settings, family, noted);
  const isFirst = networks.length > 0 || settings.inbound.jump === "insert";
  const what = isFirst ? "remaining" : "inbound";
  const jump = makeRule(
    jumpTo(KUMA_CHAINS.inbound),
    TCP,
    ...noted(`redirect ${what} TCP traffic to our custom chain for processing`),
  );
  const log = logRules(settings, "PREROUTING", noted);
  return isFirst ? [...networks, jump, ...log] : [...log, jump];
}

function outputRules(
  settings: KumaSettings,
  family: Family,
  dns: ReturnType<typeof dnsRules>,
  noted: Noted,
): readonly Rule[] {
  const jump = makeRule(
    jumpTo(KUMA_CHAINS.outbound),
    TCP,
    ...noted("redirect outbound TCP traffic to our custom chain for processing"),
  );
  const top = [...logRules(settings, "OUTPUT", noted), ...exclusionRules(settings, family, noted), ...dns.redirects];
  return settings.outbound.jump === "insert" ? [...top, jump, ...dns.overTcp] : [...top, ...dns.overTcp, jump];
}
