import { loopbackAddress } from "../../model/pod.ts";
import { deliverMarked, type PolicyRouting } from "../../model/policy-routing.ts";
import type { Rule, Table } from "../../model/ruleset.ts";
import { jumpTo, makeRule, makeTable, matchAddress, matchPort, TCP } from "../rules.ts";
import type { CaptureConfig } from "./config.ts";
import { inboundExclusions } from "./nat.ts";

const ALL_BITS = 0xffffffff;

/**
 * Gives the mangle table of TPROXY, IPv4 only: packets of a connection that a socket has already taken are marked and accepted, new ones
 * are handed to the proxy's outbound port (`-p`, not `-z`: so the original has it).
 */
export function makeTproxyTable(config: CaptureConfig): Table {
  const mark = { value: config.tproxyMark, mask: ALL_BITS };
  const tproxy = { kind: "tproxy", port: config.proxyPort, address: "0.0.0.0", mark } as const;
  return makeTable("mangle", 4, {
    PREROUTING: [makeRule(jumpTo("ISTIO_INBOUND"), TCP)],
    ISTIO_DIVERT: [makeRule({ kind: "mark", ...mark }), makeRule({ kind: "accept" })],
    ISTIO_INBOUND: inboundRules(config),
    ISTIO_TPROXY: [makeRule(tproxy, ...matchAddress("destination", loopbackAddress(4), true), TCP)],
  });
}

/** Gives the rule and route that bring marked packets to local sockets, whatever their destination. */
export function makeTproxyRouting({ tproxyMark, tproxyRouteTable }: CaptureConfig): PolicyRouting {
  return deliverMarked([4], { value: tproxyMark, mask: ALL_BITS }, tproxyRouteTable);
}

function inboundRules(config: CaptureConfig): readonly Rule[] {
  const socket = { kind: "socket", options: [] } as const;
  if (config.inboundPortsInclude === "*") {
    return [
      ...inboundExclusions(config),
      makeRule(jumpTo("ISTIO_DIVERT"), TCP, socket),
      makeRule(jumpTo("ISTIO_TPROXY"), TCP),
    ];
  }
  return config.inboundPortsInclude.flatMap((port) => {
    const divert = makeRule(jumpTo("ISTIO_DIVERT"), ...matchPort(port), socket);
    // The original writes the socket rule twice; the second can never match, and is kept since it shows in the rules.
    return [divert, divert, makeRule(jumpTo("ISTIO_TPROXY"), ...matchPort(port))];
  });
}
