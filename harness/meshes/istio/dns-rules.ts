import type { Family } from "../../model/address.ts";
import type { Range } from "../../model/match.ts";
import type { Rule, Table } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { jumpTo, makeRule, makeTable, matchAddress, redirectTo } from "../rules.ts";
import { CHAINS, fromPort, ownedBy, single, toPort } from "./matches.ts";
import { capturesFamily } from "./outbound-rules.ts";
import type { CapturedServers } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

const DNS = single(53);
/** Where istio-agent answers DNS; no setting changes it (constants.IstioAgentDNSListenerPort). */
const AGENT_PORT = 15053;

/** Gives the chain for DNS in the table nat: TCP to each server, then UDP; a server that is listed twice has two rules. */
export function dnsRedirects(servers: CapturedServers, family: Family): readonly Rule[] {
  const places = placesOf(servers, family);
  return (["tcp", "udp"] as const).flatMap((protocol) =>
    places.map((place) =>
      makeRule(redirectTo(AGENT_PORT), ...matchPlace("destination", place), ...toPort(protocol, DNS)),
    ),
  );
}

/**
 * Gives the table raw: what the agent asks real servers is tracked in zone 1, what it answers to applications in zone 2, so that one
 * question asked twice from one port is two connections. UDP alone. The rules of owners are there in every family as soon as any server's
 * DNS is captured.
 */
export function makeRawTable(
  { proxyUid, proxyGid }: IstioSettings,
  servers: CapturedServers,
  family: Family,
): readonly Table[] {
  if (servers === "none") return [];
  const agent = [...proxyUid.map((ids) => ({ what: "uid", ids }) as const), ...proxyGid.map(ofGroup)];
  const places = placesOf(servers, family);
  const isAsked = capturesFamily(servers, family);
  const table = makeTable("raw", family, {
    ...(isAsked ? { PREROUTING: [makeRule(jumpTo(CHAINS.inbound))] } : {}),
    OUTPUT: [makeRule(jumpTo(CHAINS.dns))],
    ...(isAsked
      ? {
          [CHAINS.inbound]: places.map((place) =>
            makeRule(zone(1), ...matchPlace("source", place), ...fromPort("udp", DNS)),
          ),
        }
      : {}),
    [CHAINS.dns]: [
      ...agent.flatMap(({ what, ids }) => [
        makeRule(zone(1), ...toPort("udp", DNS), ownedBy(what, ids)),
        makeRule(zone(2), ...fromPort("udp", single(AGENT_PORT)), ownedBy(what, ids)),
      ]),
      ...places.map((place) => makeRule(zone(2), ...matchPlace("destination", place), ...toPort("udp", DNS))),
    ],
  });
  return [table];
}

function ofGroup(ids: Range) {
  return { what: "gid", ids } as const;
}

/** The servers whose DNS is captured; null stands for every one. */
function placesOf(servers: CapturedServers, family: Family): readonly (string | null)[] {
  if (servers === "none") return [];
  return servers === "all" ? [null] : servers[family];
}

function matchPlace(kind: "source" | "destination", place: string | null) {
  return place === null ? [] : matchAddress(kind, place);
}

function zone(number: 1 | 2): Target {
  return { kind: "zone", module: "CT", direction: "both", zone: number };
}
