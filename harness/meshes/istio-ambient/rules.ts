import { FAMILIES, type Family } from "../../model/address.ts";
import type { Match, PortMatch } from "../../model/match.ts";
import { loopbackAddress, MAX_PORT } from "../../model/pod.ts";
import { deliverMarked, type PolicyRouting } from "../../model/policy-routing.ts";
import type { PodRules, Rule, Ruleset } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { jumpTo, makeRule, makeTable, matchAddress, matchInterface, RETURN, redirectTo, TCP } from "../rules.ts";
import type { AmbientSettings } from "./settings.ts";

/** The chains that Istio's node agent makes in a pod; each table has its own two. */
export const AMBIENT_CHAINS = { prerouting: "ISTIO_PRERT", output: "ISTIO_OUTPUT" } as const;

/** Ports of ztunnel (cni/pkg/config/config.go). */
const PORTS = { outbound: 15001, inbound: 15006, tunnel: 15008, dns: 15053 } as const;
const DNS_PORT = 53;
/** What ztunnel's packets carry, and what connections carry that it made to the app; both are looked at under a mask. */
const MARKS = { ztunnel: 0x539, connection: 0x111, mask: 0xfff, whole: 0xffffffff } as const;
const ROUTE_TABLE = 100;
const ACCEPT: Target = { kind: "accept" };
const UDP: Match = { kind: "protocol", negated: false, protocol: "udp" };
const JUMPS = {
  PREROUTING: [makeRule(jumpTo(AMBIENT_CHAINS.prerouting))],
  OUTPUT: [makeRule(jumpTo(AMBIENT_CHAINS.output))],
} as const;

/**
 * Gives the rules and routes that Istio's node agent puts into a pod (AppendInpodRules in cni/pkg/iptables/iptables.go, and
 * iptables_linux.go, at 86c9f01fd735). One difference: the routing rule gets the kernel's next free priority; the agent asks for 32764.
 */
export function generateRules(settings: AmbientSettings): PodRules {
  return {
    ip: makeRuleset(settings, 4),
    ip6: settings.ipv6 === "on" ? makeRuleset(settings, 6) : { family: 6, tables: [] },
    policyRouting: makeRouting(settings),
  };
}

function makeRouting({ ipv6 }: AmbientSettings): PolicyRouting {
  const mark = { value: MARKS.connection, mask: MARKS.mask };
  return deliverMarked(ipv6 === "on" ? FAMILIES : [4], mark, ROUTE_TABLE);
}

function makeRuleset(settings: AmbientSettings, family: Family): Ruleset {
  const { prerouting, output } = AMBIENT_CHAINS;
  const nat = makeTable("nat", family, {
    ...JUMPS,
    [prerouting]: inboundRules(settings, family),
    [output]: outboundRules(settings, family),
  });
  return {
    family,
    tables: [...(settings.dnsCapture === "on" ? [makeZones(family)] : []), makeMarking(family), nat],
  };
}

/** Connections that ztunnel made are marked, so that what the app answers them with is routed back to ztunnel's sockets. */
function makeMarking(family: Family) {
  const { connection, mask, whole } = MARKS;
  return makeTable("mangle", family, {
    ...JUMPS,
    [AMBIENT_CHAINS.prerouting]: [makeRule({ kind: "connmark-set", value: connection, mask }, ofZtunnel("packet"))],
    [AMBIENT_CHAINS.output]: [
      makeRule(
        { kind: "connmark-restore", nfmask: whole, ctmask: whole },
        { kind: "connmark", negated: false, value: connection, mask },
      ),
    ],
  });
}

/** What ztunnel asks a DNS server is tracked apart from what the app asks ztunnel: both may have the same ends. */
function makeZones(family: Family) {
  const zone: Target = { kind: "zone", module: "CT", direction: "both", zone: 1 };
  return makeTable("raw", family, {
    ...JUMPS,
    [AMBIENT_CHAINS.prerouting]: [makeRule(zone, UDP, ofOthers(), port("source-port", "udp", DNS_PORT))],
    [AMBIENT_CHAINS.output]: [makeRule(zone, UDP, ofZtunnel("packet"), port("destination-port", "udp", DNS_PORT))],
  });
}

function inboundRules({ virtualInterfaces, inbound, probeAddress }: AmbientSettings, family: Family): readonly Rule[] {
  const interfaces = virtualInterfaces.flatMap((name) => {
    const cameIn = matchInterface("in-interface", name);
    return [makeRule(redirectTo(PORTS.outbound), cameIn, TCP), makeRule(RETURN, cameIn, TCP)];
  });
  if (inbound === "bypassed") return interfaces;
  return [
    ...interfaces,
    makeRule(ACCEPT, ...matchAddress("source", probeAddress[family]), TCP, ANY_PORT),
    makeRule(
      redirectTo(PORTS.inbound),
      ...notLoopback(family),
      TCP,
      port("destination-port", "tcp", PORTS.tunnel, true),
      ofOthers(),
    ),
  ];
}

function outboundRules({ dnsCapture, probeAddress }: AmbientSettings, family: Family): readonly Rule[] {
  const byLoopback = (negated: boolean): Match => ({ kind: "out-interface", negated, name: "lo" });
  const dns = [
    makeRule(redirectTo(PORTS.dns), byLoopback(true), UDP, ofOthers(), port("destination-port", "udp", DNS_PORT)),
    makeRule(redirectTo(PORTS.dns), ...notLoopback(family), TCP, port("destination-port", "tcp", DNS_PORT), ofOthers()),
  ];
  return [
    makeRule(ACCEPT, ...matchAddress("destination", probeAddress[family]), TCP, ANY_PORT),
    ...(dnsCapture === "on" ? dns : []),
    makeRule(ACCEPT, TCP, ofZtunnel("connection")),
    makeRule(ACCEPT, ...notLoopback(family), byLoopback(false)),
    makeRule(redirectTo(PORTS.outbound), ...notLoopback(family), TCP, ofOthers()),
  ];
}

/** A bare `-m tcp`, which the kernel keeps and prints. */
const ANY_PORT: Match = {
  kind: "destination-port",
  module: "tcp",
  negated: false,
  ports: { first: 0, last: MAX_PORT },
};

function port(
  kind: "source-port" | "destination-port",
  module: "tcp" | "udp",
  number: number,
  negated = false,
): PortMatch {
  return { kind, module, negated, ports: { first: number, last: number } };
}

/** `! -d 127.0.0.1/32`: other addresses of lo are not left out. */
function notLoopback(family: Family): readonly Match[] {
  return matchAddress("destination", loopbackAddress(family), true);
}

function ofZtunnel(what: "packet" | "connection"): Match {
  return {
    kind: "mark",
    negated: false,
    value: what === "packet" ? MARKS.ztunnel : MARKS.connection,
    mask: MARKS.mask,
  };
}

function ofOthers(): Match {
  return { kind: "mark", negated: true, value: MARKS.ztunnel, mask: MARKS.mask };
}
