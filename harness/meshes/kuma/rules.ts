import { type Family, familyOf } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import { loopbackAddress } from "../../model/pod.ts";
import { NO_POLICY_ROUTING, type PodRules, type Rule, type Ruleset } from "../../model/ruleset.ts";
import type { PodFacts } from "../mesh.ts";
import {
  jumpTo,
  makeRule,
  makeTable,
  matchAddress,
  matchInterface,
  matchOwner,
  matchPort,
  RETURN,
  redirectTo,
  TCP,
} from "../rules.ts";
import { dnsRules, zoneRules } from "./dns-rules.ts";
import { exclusionRules, logRules, type Noted, noting, virtualNetworkRules } from "./hook-rules.ts";
import type { Direction, KumaSettings } from "./settings.ts";

/** The chains that kumactl makes. */
export const KUMA_CHAINS = {
  inbound: "KUMA_MESH_INBOUND",
  inboundRedirect: "KUMA_MESH_INBOUND_REDIRECT",
  outbound: "KUMA_MESH_OUTBOUND",
  outboundRedirect: "KUMA_MESH_OUTBOUND_REDIRECT",
} as const;

/** The source of what the proxy's inbound pass-through dials (consts.InboundPassthroughSourceAddress). */
const PASS_THROUGH: Readonly<Record<Family, string>> = { 4: "127.0.0.6/32", 6: "::6/128" };

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
    policyRouting: NO_POLICY_ROUTING,
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

function redirectRule({ port }: Direction, noted: Noted): Rule {
  return makeRule(redirectTo(port), TCP, ...noted(`redirect TCP traffic to envoy (port ${port})`));
}

function matchNotedPort(port: number, note: readonly Match[]): readonly Match[] {
  const [protocol, dport] = matchPort(`${port}`);
  return [protocol, ...note, dport];
}

function inboundRules(inbound: Direction, family: Family, noted: Noted): readonly Rule[] {
  const jump = jumpTo(KUMA_CHAINS.inboundRedirect);
  if (inbound.redirect === "off") return [makeRule(RETURN, TCP, ...noted("inbound traffic redirection is disabled"))];
  const networks = inbound.excludeNetworks
    .filter((network) => familyOf(network) === family)
    .map((network) =>
      makeRule(
        RETURN,
        ...matchAddress("source", network),
        ...noted("skip further processing for configured IP address"),
      ),
    );
  if (inbound.includePorts.length > 0)
    return [
      ...networks,
      ...inbound.includePorts.map((port) =>
        makeRule(
          jump,
          ...matchNotedPort(
            port,
            noted(`redirect inbound traffic from port ${port} to the custom chain for processing`),
          ),
        ),
      ),
    ];
  return [
    ...networks,
    ...inbound.excludePorts.map((port) =>
      makeRule(RETURN, ...matchNotedPort(port, noted(`exclude inbound traffic from port ${port} from redirection`))),
    ),
    makeRule(jump, TCP, ...noted("redirect all inbound traffic to the custom chain for processing")),
  ];
}

function outboundRules(settings: KumaSettings, family: Family, noted: Noted): readonly Rule[] {
  const { outbound, proxyUid } = settings;
  if (outbound.redirect === "off") return [makeRule(RETURN, TCP, ...noted("outbound traffic redirection is disabled"))];
  const jump = jumpTo(KUMA_CHAINS.outboundRedirect);
  const ports = (say: (port: number) => string, then: typeof jump | typeof RETURN, list: readonly number[]) =>
    list.map((port) => makeRule(then, ...matchNotedPort(port, noted(say(port)))));
  const excluded = ports(
    (port) => `exclude outbound traffic from port ${port} from redirection`,
    RETURN,
    outbound.includePorts.length > 0 ? [] : outbound.excludePorts,
  );
  const included = ports(
    (port) => `redirect outbound TCP traffic to port ${port} to our custom chain for further processing`,
    jump,
    outbound.includePorts,
  );
  const everything = makeRule(
    jump,
    ...noted("redirect all other outbound traffic to our custom chain for further processing"),
  );
  return [
    ...excluded,
    ...ownAddressRules(proxyUid, family, noted),
    ...(outbound.includePorts.length > 0 ? included : [everything]),
  ];
}

/** What stays in the pod, and what the proxy dials. */
function ownAddressRules(proxyUid: number, family: Family, noted: Noted): readonly Rule[] {
  const lo = matchInterface("out-interface", "lo");
  const localhost = `${loopbackAddress(family)}/${family === 4 ? 32 : 128}`;
  const owner = matchOwner("uid", `${proxyUid}`);
  const user = `UID ${proxyUid} (kuma-dp user)`;
  const passThrough = PASS_THROUGH[family];
  return [
    makeRule(
      RETURN,
      ...matchAddress("source", passThrough),
      lo,
      ...noted(
        `prevent traffic loops by ensuring traffic from the sidecar proxy (using ${passThrough}) to loopback interface is not redirected again`,
      ),
    ),
    makeRule(
      jumpTo(KUMA_CHAINS.inboundRedirect),
      ...matchAddress("destination", localhost, true),
      lo,
      TCP,
      ...noted(
        `redirect outbound TCP traffic destined for loopback interface, but not targeting address ${localhost}, and owned by ${user} to ${KUMA_CHAINS.inboundRedirect} chain for proper handling`,
      ),
      owner,
    ),
    makeRule(
      RETURN,
      lo,
      TCP,
      ...noted(
        `return outbound TCP traffic destined for loopback interface, owned by any UID other than ${proxyUid} (kuma-dp user)`,
      ),
      { ...owner, negated: true } as Match,
    ),
    makeRule(RETURN, ...noted(`return outbound traffic owned by ${user}`), owner),
    makeRule(
      RETURN,
      ...matchAddress("destination", localhost),
      ...noted(`return traffic destined for localhost (${localhost}) to avoid redirection`),
    ),
  ];
}
