import { type CaptureConfig, isIpv6Pod } from "../model/capture-config.ts";
import { NO_POLICY_ROUTING, PASS_THROUGH_ON_LO } from "../model/policy-routing.ts";
import type { PodRules, Rule } from "../model/ruleset.ts";
import type { Dialect } from "./dialects.ts";
import { makeIpv6Guard } from "./istio-1.4/guard.ts";
import { capturesInbound, makeNatTable } from "./istio-1.4/nat.ts";
import { makeTproxyRouting, makeTproxyTable } from "./istio-1.4/tproxy.ts";
import { ISTIO_CHAINS, looksMade } from "./istio-1.4/traces.ts";

/**
 * The rules of Istio 1.4's shell generator (tools/packaging/common/istio-iptables.sh), its last revision: unlike the 1.4.x releases it
 * captures inbound IPv6 too.
 */
export const istio14: Dialect = { name: "istio-1.4", generate, placementOf, chains: ISTIO_CHAINS, looksMade };

function generate(config: CaptureConfig): PodRules {
  const usesTproxy = capturesInbound(config) && config.interceptionMode === "TPROXY";
  const isIpv6 = isIpv6Pod(config);
  return {
    ip: { family: 4, tables: [...(usesTproxy ? [makeTproxyTable(config)] : []), makeNatTable(config, 4)] },
    ip6: { family: 6, tables: [isIpv6 ? makeNatTable(config, 6) : makeIpv6Guard()] },
    policyRouting: {
      ...(usesTproxy ? makeTproxyRouting(config) : NO_POLICY_ROUTING),
      addresses: isIpv6 ? [PASS_THROUGH_ON_LO] : [],
    },
  };
}

/** The kubevirt rules are inserted at the top of PREROUTING, all others appended. */
function placementOf(chain: string, rule: Rule): "top" | "bottom" {
  return chain === "PREROUTING" && rule.matches.some((match) => match.kind === "in-interface") ? "top" : "bottom";
}
