import { loopbackAddress } from "../../model/pod.ts";
import type { Table } from "../../model/ruleset.ts";
import { makeRule, makeTable, matchAddress, matchInterface } from "../rules.ts";

/**
 * Gives the ip6 filter table of a pod that is no IPv6 pod: nothing new comes in over IPv6, past the proxy. Packets of connections the pod
 * has opened and calls to `::1` pass. Neighbour discovery is rejected with the rest.
 */
export function makeIpv6Guard(): Table {
  const accept = { kind: "accept" } as const;
  return makeTable("filter", 6, {
    INPUT: [
      makeRule(accept, { kind: "state", module: "state", negated: false, states: ["ESTABLISHED"] }),
      makeRule(accept, ...matchAddress("destination", loopbackAddress(6)), matchInterface("in-interface", "lo")),
      makeRule({ kind: "reject", with: "icmp6-port-unreachable" }),
    ],
  });
}
