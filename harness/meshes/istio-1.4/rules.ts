import { isIpv6Pod } from "../../model/capture.ts";
import { loopbackAddress } from "../../model/pod.ts";
import { NO_POLICY_ROUTING, PASS_THROUGH_ON_LO } from "../../model/policy-routing.ts";
import type { PodRules, Rule, Table } from "../../model/ruleset.ts";
import { makeRule, makeTable, matchAddress, matchInterface } from "../rules.ts";
import type { CaptureConfig } from "./config.ts";
import { capturesInbound, makeNatTable } from "./nat.ts";
import { makeTproxyRouting, makeTproxyTable } from "./tproxy.ts";

/**
 * Gives all rules and policy routing that Istio 1.4's shell generator (tools/packaging/common/istio-iptables.sh) makes of a config, as its
 * last revision does: unlike the 1.4.x releases it captures inbound IPv6 too. Both families are under test, each with the tables that the
 * generator fills.
 *
 * @example
 * generateRules(config).ip?.tables.map(({ name }) => name)   // ["nat"]; with -m TPROXY and ports for -b ["mangle", "nat"]
 */
export function generateRules(config: CaptureConfig): PodRules {
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

/**
 * Gives the ip6 filter table of a pod that is no IPv6 pod: nothing new comes in over IPv6, past the proxy. Packets of connections the pod
 * has opened and calls to `::1` pass. Neighbour discovery is rejected with the rest.
 */
function makeIpv6Guard(): Table {
  const accept = { kind: "accept" } as const;
  return makeTable("filter", 6, {
    INPUT: [
      makeRule(accept, { kind: "state", module: "state", negated: false, states: ["ESTABLISHED"] }),
      makeRule(accept, ...matchAddress("destination", loopbackAddress(6)), matchInterface("in-interface", "lo")),
      makeRule({ kind: "reject", with: "icmp6-port-unreachable" }),
    ],
  });
}

/** The kubevirt rules are inserted at the top of PREROUTING, all others appended. */
export function placementOf(chain: string, rule: Rule): "top" | "bottom" {
  return chain === "PREROUTING" && rule.matches.some((match) => match.kind === "in-interface") ? "top" : "bottom";
}
