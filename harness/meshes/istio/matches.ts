import type { Match, Range } from "../../model/match.ts";
import { TCP } from "../rules.ts";

/** The chains that istio-iptables makes (tools/istio-iptables/pkg/constants/constants.go). */
export const CHAINS = {
  inbound: "ISTIO_INBOUND",
  inboundRedirect: "ISTIO_IN_REDIRECT",
  outbound: "ISTIO_OUTPUT",
  outboundRedirect: "ISTIO_REDIRECT",
  dns: "ISTIO_OUTPUT_DNS",
  divert: "ISTIO_DIVERT",
  tproxy: "ISTIO_TPROXY",
  drop: "ISTIO_DROP",
} as const;

/** `-p udp`. */
const UDP: Match = { kind: "protocol", negated: false, protocol: "udp" };

/** One port as a range. */
export function single(port: number): Range {
  return { first: port, last: port };
}

/** `-p udp -m udp --dport 53`. */
export function toPort(protocol: "tcp" | "udp", ports: Range): readonly [Match, Match] {
  return portMatches("destination-port", protocol, ports, false);
}

/** `-p tcp -m tcp ! --dport 53`. */
export function notToPort(protocol: "tcp" | "udp", ports: Range): readonly [Match, Match] {
  return portMatches("destination-port", protocol, ports, true);
}

/** `-p udp -m udp --sport 53`. */
export function fromPort(protocol: "tcp" | "udp", ports: Range): readonly [Match, Match] {
  return portMatches("source-port", protocol, ports, false);
}

function portMatches(
  kind: "source-port" | "destination-port",
  module: "tcp" | "udp",
  ports: Range,
  negated: boolean,
): readonly [Match, Match] {
  return [module === "tcp" ? TCP : UDP, { kind, module, negated, ports }];
}

/** `-m owner --uid-owner 1337`, or with `!`. */
export function ownedBy(what: "uid" | "gid", ids: Range, negated = false): Match {
  return { kind: "owner", negated, what, ids };
}
