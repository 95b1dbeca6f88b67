import { type Family, familyOf } from "../../model/address.ts";
import type { Match, Range } from "../../model/match.ts";
import { loopbackAddress } from "../../model/pod.ts";
import { NO_POLICY_ROUTING } from "../../model/policy-routing.ts";
import type { PodRules, Rule, Ruleset } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { jumpTo, makeRule, makeTable, matchAddress, RETURN, redirectTo, TCP } from "../rules.ts";
import type { ConsulSettings } from "./settings.ts";

/** The chains that Consul's SDK makes, with iptables as with nftables (sdk/iptables/iptables.go). */
export const CONSUL_CHAINS = {
  dns: "CONSUL_DNS_REDIRECT",
  inbound: "CONSUL_PROXY_INBOUND",
  inboundRedirect: "CONSUL_PROXY_IN_REDIRECT",
  outbound: "CONSUL_PROXY_OUTPUT",
  outboundRedirect: "CONSUL_PROXY_REDIRECT",
} as const;

const DNS_PORT = 53;

/**
 * Gives the iptables rules of Consul's SDK v0.18.2. Exclusions go to the top of their chains one by one, so that they end up in reverse
 * order. With DualStack and networks of one family the original fails half way; here each family takes its own.
 */
export function generateIptables(settings: ConsulSettings): PodRules {
  return {
    ip: makeRuleset(settings, 4),
    ip6: settings.dualStack === "on" ? makeRuleset(settings, 6) : { family: 6, tables: [] },
    policyRouting: NO_POLICY_ROUTING,
  };
}

function makeRuleset(settings: ConsulSettings, family: Family): Ruleset {
  const dns = dnsRules(settings, family);
  const { inbound, inboundRedirect, outbound, outboundRedirect } = CONSUL_CHAINS;
  const nat = makeTable("nat", family, {
    PREROUTING: [makeRule(jumpTo(inbound), TCP)],
    OUTPUT: [...dns.jumps, makeRule(jumpTo(outbound), TCP)],
    [CONSUL_CHAINS.dns]: dns.rules,
    [inbound]: [...excludePorts(settings.excludeInboundPorts), makeRule(jumpTo(inboundRedirect), TCP)],
    [inboundRedirect]: [makeRule(redirectTo(settings.inboundPort), TCP)],
    [outbound]: outboundRules(settings, family),
    [outboundRedirect]: [makeRule(redirectTo(settings.outboundPort), TCP)],
  });
  return { family, tables: [nat] };
}

function outboundRules(settings: ConsulSettings, family: Family): readonly Rule[] {
  const networks = settings.excludeOutboundNetworks.filter((network) => familyOf(network) === family);
  return [
    ...settings.excludeUids.toReversed().map((ids) => makeRule(RETURN, owner(ids))),
    ...networks.toReversed().map((network) => makeRule(RETURN, ...matchAddress("destination", network))),
    ...excludePorts(settings.excludeOutboundPorts),
    makeRule(RETURN, owner(settings.proxyUid)),
    makeRule(RETURN, ...matchAddress("destination", loopbackAddress(family))),
    makeRule(jumpTo(CONSUL_CHAINS.outboundRedirect)),
  ];
}

function owner(ids: Range): Match {
  return { kind: "owner", negated: false, what: "uid", ids };
}

function excludePorts(ports: readonly Range[]): readonly Rule[] {
  return ports.toReversed().map((range) => makeRule(RETURN, TCP, port("tcp", range)));
}

function port(module: "tcp" | "udp", ports: Range): Match {
  return { kind: "destination-port", module, negated: false, ports };
}

/** The SDK makes no DNS rules in the pass for IPv4 if it makes rules for both families. */
function dnsRules(
  { dnsAddress, dnsPort, dualStack }: ConsulSettings,
  family: Family,
): { readonly jumps: readonly Rule[]; readonly rules: readonly Rule[] } {
  const isOther = (dualStack === "on") !== (family === 6);
  if (isOther || (dnsAddress === null && dnsPort === null)) return { jumps: [], rules: [] };
  const server = dnsAddress ?? loopbackAddress(family);
  // An address alone takes DNS to anywhere; a port takes what is for that address, or else for loopback.
  const destination = dnsPort === null ? [] : matchAddress("destination", server);
  const target: Target = {
    kind: "dnat",
    addresses: { first: server, last: server },
    ports: dnsPort === null ? null : { first: dnsPort, last: dnsPort },
    flags: [],
  };
  const rules = (then: Target) =>
    (["udp", "tcp"] as const).map((protocol) =>
      makeRule(
        then,
        ...destination,
        { kind: "protocol", negated: false, protocol },
        port(protocol, { first: DNS_PORT, last: DNS_PORT }),
      ),
    );
  return { jumps: rules(jumpTo(CONSUL_CHAINS.dns)), rules: rules(target) };
}
