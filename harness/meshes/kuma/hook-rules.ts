import { type Family, familyOf } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import type { Rule } from "../../model/ruleset.ts";
import { comment, makeRule, matchAddress, matchInterface, RETURN, redirectTo, TCP } from "../rules.ts";
import type { KumaSettings } from "./settings.ts";

/** Gives a rule's comment as a match; none where comments are off. */
export type Noted = (text: string) => readonly Match[];

/** The match `-p udp`, for rules of a mesh. */
export const UDP: Match = { kind: "protocol", negated: false, protocol: "udp" };
/** The port of DNS servers. */
export const DNS_PORT = 53;

/** Gives the maker of comments for settings; kumactl knows its own rules by what these begin with. */
export function noting({ comments }: KumaSettings): Noted {
  return (text) => (comments === "off" ? [] : [comment(`kuma/mesh/transparent/proxy/${text}`)]);
}

/** Gives the match `-m udp --dport 53` or `--sport 53`, of one port (1–65535). */
export function matchUdpPort(kind: "source-port" | "destination-port", port: number): Match {
  return { kind, module: "udp", negated: false, ports: { first: port, last: port } };
}

/** The rule that lets the kernel log what comes to a chain of nat, the first packets of connections; none where logs are off. */
export function logRules({ logLevel }: KumaSettings, chain: string, noted: Noted): readonly Rule[] {
  if (logLevel === null) return [];
  // iptables prints no level where it is the default (LOG_DEFAULT_LEVEL in extensions/libxt_LOG.c).
  const level = logLevel === 4 ? "" : ` --log-level ${logLevel}`;
  const options = `--log-prefix "${chain}:"${level}`;
  return [makeRule({ kind: "log", options }, ...noted("log matching packets using kernel logging"))];
}

/** What OUTPUT leaves alone: ports of uids, then destinations of any protocol. */
export function exclusionRules(
  { excludeForUids, outbound }: KumaSettings,
  family: Family,
  noted: Noted,
): readonly Rule[] {
  const note = noted("skip further processing for configured IP addresses, ports and UIDs");
  const ofUids = excludeForUids.map(({ protocol, ports, uids }) =>
    makeRule(
      RETURN,
      { kind: "protocol", negated: false, protocol },
      ...note,
      { kind: "multiport", negated: false, side: "destination", ports },
      { kind: "owner", negated: false, what: "uid", ids: uids },
    ),
  );
  const networks = outbound.excludeNetworks.filter((network) => familyOf(network) === family);
  return [...ofUids, ...networks.map((network) => makeRule(RETURN, ...matchAddress("destination", network), ...note))];
}

/** What comes in by the interfaces of virtual networks: DNS, and TCP to elsewhere. */
export function virtualNetworkRules(
  { virtualNetworks, dns, outbound }: KumaSettings,
  family: Family,
  noted: Noted,
): readonly Rule[] {
  return virtualNetworks
    .filter(({ network }) => familyOf(network) === family)
    .flatMap(({ interface: name, network }) => [
      makeRule(
        redirectTo(dns.port),
        matchInterface("in-interface", name),
        UDP,
        ...noted(`redirect DNS requests on interface ${name} to the kuma-dp DNS proxy (listening on port ${dns.port})`),
        matchUdpPort("destination-port", DNS_PORT),
      ),
      makeRule(
        redirectTo(outbound.port),
        ...matchAddress("destination", network, true),
        matchInterface("in-interface", name),
        TCP,
        ...noted(
          `redirect TCP traffic on interface ${name}, excluding destination ${network}, to the envoy's outbound passthrough port ${outbound.port}`,
        ),
      ),
    ]);
}
