import type { Match, Range } from "../../model/match.ts";
import { loopbackAddress } from "../../model/pod.ts";
import { NO_POLICY_ROUTING } from "../../model/policy-routing.ts";
import type { BaseChain, Chain, PodRules, Rule } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import {
  familyNameOf,
  isAddress,
  isFamily,
  isOwner,
  isPort,
  isProtocol,
  makeBaseChain,
  makeNftRule,
  makeNftTable,
} from "../nft-rules.ts";
import { jumpTo, RETURN, redirectTo } from "../rules.ts";
import { CONSUL_CHAINS } from "./rules.ts";
import type { ConsulSettings } from "./settings.ts";

/** The table that Consul's SDK makes with nftables (sdk/nftables/nftables.go, `tproxyTable`). */
export const CONSUL_TABLE = "consul_tproxy";

const TCP = isProtocol("tcp");
const DNS: Range = { first: 53, last: 53 };
const NAT: Omit<BaseChain, "policy" | "hook"> = { type: "nat", priority: -100 };

/**
 * Gives the rules of Consul's SDK v0.19.0 (sdk/nftables): one table of both families, in which IPv6 is left alone unless DualStack is
 * given. Exclusions go to the top of their chains one by one, as with iptables. No rule counts anything.
 */
export function generateNative(settings: ConsulSettings): PodRules {
  const { dns, inbound, inboundRedirect, outbound, outboundRedirect } = CONSUL_CHAINS;
  const spare = settings.dualStack === "on" ? [] : [makeNftRule([isFamily(6)], RETURN)];
  const captured = dnsRules(settings);
  const table = makeNftTable(CONSUL_TABLE, [
    chain(inbound, [...excludePorts(settings.excludeInboundPorts), makeNftRule([TCP], jumpTo(inboundRedirect))]),
    chain(inboundRedirect, [makeNftRule([TCP], redirectTo(settings.inboundPort))]),
    chain(outbound, outboundRules(settings)),
    chain(outboundRedirect, [makeNftRule([TCP], redirectTo(settings.outboundPort))]),
    chain(dns, captured.rules),
    makeBaseChain("CONSUL_NAT_OUTPUT", { hook: "output", ...NAT }, [
      ...spare,
      ...captured.jumps,
      makeNftRule([TCP], jumpTo(outbound)),
    ]),
    makeBaseChain("CONSUL_NAT_PREROUTING", { hook: "prerouting", ...NAT }, [
      ...spare,
      makeNftRule([TCP], jumpTo(inbound)),
    ]),
  ]);
  const tables = [table];
  return { ip: { family: 4, tables }, ip6: { family: 6, tables }, policyRouting: NO_POLICY_ROUTING };
}

function chain(name: string, rules: readonly Rule[]): Chain {
  return { name, base: null, rules };
}

function outboundRules(settings: ConsulSettings): readonly Rule[] {
  return [
    ...settings.excludeUids.toReversed().map((ids) => makeNftRule([isOwner("uid", ids)], RETURN)),
    ...settings.excludeOutboundNetworks
      .toReversed()
      .map((network) => makeNftRule([isAddress("daddr", network)], RETURN)),
    ...excludePorts(settings.excludeOutboundPorts),
    makeNftRule([isOwner("uid", settings.proxyUid)], RETURN),
    makeNftRule([isAddress("daddr", loopbackAddress(4))], RETURN),
    makeNftRule([isAddress("daddr", loopbackAddress(6))], RETURN),
    makeNftRule([], jumpTo(CONSUL_CHAINS.outboundRedirect)),
  ];
}

function excludePorts(ports: readonly Range[]): readonly Rule[] {
  return ports.toReversed().map((range) => makeNftRule([isPort("tcp dport", range)], RETURN));
}

/** With a port alone the loopback address is meant, and with DualStack that of each family. */
function dnsRules({ dnsAddress, dnsPort, dualStack }: ConsulSettings): {
  readonly jumps: readonly Rule[];
  readonly rules: readonly Rule[];
} {
  const loopback = dualStack === "on" ? [loopbackAddress(4), loopbackAddress(6)] : [loopbackAddress(4)];
  const servers = dnsAddress === null ? (dnsPort === null ? [] : loopback) : [dnsAddress];
  const rules = (then: (server: string) => Target) =>
    servers.flatMap((server) =>
      (["udp", "tcp"] as const).map((protocol) => {
        const destination: readonly Match[] = dnsPort === null ? [] : [isAddress("daddr", server)];
        return makeNftRule([...destination, isPort(`${protocol} dport`, DNS)], then(server));
      }),
    );
  return {
    jumps: rules(() => jumpTo(CONSUL_CHAINS.dns)),
    rules: rules((server) => ({
      kind: "dnat",
      addresses: { first: server, last: server },
      ports: dnsPort === null ? null : { first: dnsPort, last: dnsPort },
      flags: [],
      family: familyNameOf(server),
    })),
  };
}
