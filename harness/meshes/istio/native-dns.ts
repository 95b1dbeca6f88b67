import type { Family } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import type { Chain, Rule, Table } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { isAddress, isOwner, isPort, makeBaseChain, makeCountingRule, makeNftTable } from "../nft-rules.ts";
import { jumpTo, redirectTo } from "../rules.ts";
import { single } from "./matches.ts";
import { NATIVE_CHAINS } from "./native-chains.ts";
import type { CapturedServers } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

const DNS = single(53);
/** Where istio-agent answers DNS; no setting changes it (constants.IstioAgentDNSListenerPort). */
const AGENT_PORT = 15053;
const RAW = -300;

/** Gives the servers in the order of rules, IPv4 first; null stands for every one. */
export function listServers(servers: CapturedServers): readonly (string | null)[] {
  if (servers === "none") return [];
  return servers === "all" ? [null] : [...servers[4], ...servers[6]];
}

/** Gives the chain for DNS: TCP to each server, then UDP. Without a server there is none. */
export function nativeDnsRedirects(servers: CapturedServers): readonly Rule[] {
  return (["tcp", "udp"] as const).flatMap((protocol) =>
    listServers(servers).map((server) =>
      makeCountingRule([...matchServer("daddr", server), isPort(`${protocol} dport`, DNS)], redirectTo(AGENT_PORT)),
    ),
  );
}

/** Gives the table that keeps the agent's own questions and its answers apart, in the zones 1 and 2, as with iptables. */
export function nativeRawTable(
  { proxyUid, proxyGid }: IstioSettings,
  servers: CapturedServers,
  families: readonly Family[],
): readonly Table[] {
  if (servers === "none" || families.length === 0) return [];
  const agent = [...proxyUid.map((ids) => isOwner("uid", ids)), ...proxyGid.map((ids) => isOwner("gid", ids))];
  const asked = listServers(servers);
  const answers = asked.map((server) =>
    makeCountingRule([isPort("udp sport", DNS), ...matchServer("saddr", server)], zone(1)),
  );
  const questions = [
    ...agent.flatMap((owner) => [
      makeCountingRule([isPort("udp dport", DNS), owner], zone(1)),
      makeCountingRule([isPort("udp sport", single(AGENT_PORT)), owner], zone(2)),
    ]),
    ...asked.map((server) => makeCountingRule([isPort("udp dport", DNS), ...matchServer("daddr", server)], zone(2))),
  ];
  const { inbound, dns } = NATIVE_CHAINS;
  const hook = (name: "prerouting" | "output", chain: string): Chain =>
    makeBaseChain(name, { hook: name, type: "filter", priority: RAW }, [makeCountingRule([], jumpTo(chain))]);
  const isAsked = asked.length > 0;
  const table = makeNftTable("istio-proxy-raw", [
    ...(isAsked ? [hook("prerouting", inbound)] : []),
    hook("output", dns),
    ...(isAsked ? [{ name: inbound, base: null, rules: answers }] : []),
    { name: dns, base: null, rules: questions },
  ]);
  return [table];
}

function matchServer(end: "saddr" | "daddr", server: string | null): readonly Match[] {
  return server === null ? [] : [isAddress(end, server)];
}

function zone(number: 1 | 2): Target {
  return { kind: "zone", module: "nft", direction: "both", zone: number };
}
