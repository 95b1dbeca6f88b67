import type { Family } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import { isLoopback, loopbackAddress } from "../../model/pod.ts";
import type { Rule } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { makeRule, matchAddress, matchOwner, matchPort, RETURN, redirectTo } from "../rules.ts";
import { DNS_PORT, matchUdpPort, type Noted, UDP } from "./hook-rules.ts";
import type { KumaSettings } from "./settings.ts";

/** The zone of what the proxy and its servers say to each other, and that of what the workload and the proxy say. */
const ZONES = { upstream: 1, workload: 2 } as const;

/** Says whether DNS of a family is redirected at all: with the servers of resolv.conf alone only if it names one of that family. */
function isRedirected({ dns }: KumaSettings, servers: readonly string[]): boolean {
  return dns.capture === "all" || (dns.capture === "resolvers" && servers.length > 0);
}

/** Gives the rules of nat OUTPUT for DNS: `overTcp` stands behind the redirects, and before an appended jump. */
export function dnsRules(
  settings: KumaSettings,
  servers: readonly string[],
  noted: Noted,
): { readonly redirects: readonly Rule[]; readonly overTcp: readonly Rule[] } {
  if (!isRedirected(settings, servers)) return { redirects: [], overTcp: [] };
  const { dns, proxyUid } = settings;
  const query = matchUdpPort("destination-port", DNS_PORT);
  const owner = matchOwner("uid", `${proxyUid}`);
  const [tcp, tcpQuery] = matchPort(`${DNS_PORT}`);
  const redirect = (destination: readonly Match[], what: string) =>
    makeRule(
      redirectTo(dns.port),
      ...destination,
      UDP,
      ...noted(`redirect ${what} to the kuma-dp DNS proxy (listening on port ${dns.port})`),
      query,
    );
  const redirects =
    dns.capture === "all"
      ? [redirect([], "all DNS requests")]
      : servers.map((server) => redirect(matchAddress("destination", server), `DNS requests to ${server}`));
  const leave = `allow applications to perform DNS queries over TCP to port ${DNS_PORT} without mesh redirection (only traffic not owned by UID ${proxyUid} (kuma-dp user))`;
  return {
    redirects: [
      makeRule(RETURN, UDP, ...noted("return early for DNS traffic from kuma-dp"), query, owner),
      ...redirects,
    ],
    overTcp: [makeRule(RETURN, tcp, ...noted(leave), tcpQuery, { ...owner, negated: true } as Match)],
  };
}

/**
 * Gives the rules of raw that keep the proxy's DNS and the workload's in separate conntrack zones; a chain without rules where they are not
 * wanted.
 */
export function zoneRules(
  settings: KumaSettings,
  family: Family,
  servers: readonly string[],
  noted: Noted,
): { readonly PREROUTING: readonly Rule[]; readonly OUTPUT: readonly Rule[] } {
  if (!isRedirected(settings, servers) || settings.dns.zones === "one") return { PREROUTING: [], OUTPUT: [] };
  const { dns, proxyUid } = settings;
  const owner = matchOwner("uid", `${proxyUid}`);
  const zone = (of: keyof typeof ZONES): Target => ({ kind: "zone", module: "CT", direction: "both", zone: ZONES[of] });
  const assign = (of: keyof typeof ZONES, what: string) =>
    noted(`assign connection tracking zone ${ZONES[of]} to ${what}`);
  const [query, answer] = [matchUdpPort("destination-port", DNS_PORT), matchUdpPort("source-port", DNS_PORT)];
  const own = [
    makeRule(
      zone("upstream"),
      UDP,
      ...assign("upstream", `DNS traffic from the kuma-dp user (UID ${proxyUid})`),
      query,
      owner,
    ),
    makeRule(
      zone("workload"),
      UDP,
      ...assign("workload", "DNS responses from the kuma-dp DNS proxy"),
      matchUdpPort("source-port", dns.port),
      owner,
    ),
  ];
  if (dns.capture === "all")
    return {
      PREROUTING: [makeRule(zone("upstream"), UDP, ...assign("upstream", "all DNS responses"), answer)],
      OUTPUT: [...own, makeRule(zone("workload"), UDP, ...assign("workload", "all DNS requests"), query)],
    };
  const fromLocal = noted(
    `assign conntrack zone ${ZONES.upstream} to DNS responses from the local DNS server to localhost, needed when the DNS query port is altered by a DNAT iptables rule, such as with Docker containers in a custom network`,
  );
  return {
    PREROUTING: servers.map((server) =>
      makeRule(
        zone("upstream"),
        ...matchAddress("source", server),
        UDP,
        ...assign("upstream", `DNS responses from ${server}`),
        answer,
      ),
    ),
    OUTPUT: [
      ...own,
      ...servers.flatMap((server) => [
        makeRule(
          zone("workload"),
          ...matchAddress("destination", server),
          UDP,
          ...assign("workload", `DNS requests destined for ${server}`),
          query,
        ),
        ...(isLoopback(server)
          ? [
              makeRule(
                zone("upstream"),
                ...matchAddress("source", server),
                ...matchAddress("destination", loopbackAddress(family)),
                UDP,
                ...fromLocal,
              ),
            ]
          : []),
      ]),
    ],
  };
}
