import { type Family, familyOf, parseNetwork } from "../../model/address.ts";
import type { Match, Range } from "../../model/match.ts";
import { NO_POLICY_ROUTING } from "../../model/policy-routing.ts";
import type { PodRules, Rule, Ruleset } from "../../model/ruleset.ts";
import {
  comment,
  jumpTo,
  makeRule,
  makeTable,
  matchAddress,
  matchInterface,
  matchOwner,
  matchPort,
  matchPorts,
  RETURN,
  redirectTo,
  TCP,
} from "../rules.ts";
import type { LinkerdSettings } from "./settings.ts";

/** The chains that linkerd2-proxy-init makes. */
export const INBOUND_CHAIN = "PROXY_INIT_REDIRECT";
/** The chain of outbound traffic. */
export const OUTBOUND_CHAIN = "PROXY_INIT_OUTPUT";
/** The ports that one multiport match holds; a range takes two (xt_multiport.h, XT_MULTI_PORTS). */
const SLOTS = 15;

/**
 * Gives the rules of linkerd2-proxy-init (internal/iptables/iptables.go at 183e791d99dc). Where it would fail half way, with networks of
 * one family while it writes both, each family here takes its own.
 */
export function generateRules(settings: LinkerdSettings): PodRules {
  return {
    ip: makeRuleset(settings, 4),
    ip6: settings.ipv6 === "on" ? makeRuleset(settings, 6) : { family: 6, tables: [] },
    policyRouting: NO_POLICY_ROUTING,
  };
}

function makeRuleset(settings: LinkerdSettings, family: Family): Ruleset {
  const nat = makeTable("nat", family, {
    PREROUTING: [makeRule(jumpTo(INBOUND_CHAIN), note("install-proxy-init-prerouting"))],
    OUTPUT: [makeRule(jumpTo(OUTBOUND_CHAIN), note("install-proxy-init-output"))],
    [OUTBOUND_CHAIN]: outboundRules(settings),
    [INBOUND_CHAIN]: inboundRules(settings, family),
  });
  return { family, tables: [nat] };
}

function note(text: string): Match {
  return comment(`proxy-init/${text}`);
}

function outboundRules({ proxyUid, proxyGid, outboundPortsToIgnore, outgoingProxyPort }: LinkerdSettings) {
  return [
    ...(proxyUid === null ? [] : [makeRule(RETURN, matchOwner("uid", `${proxyUid}`), note("ignore-proxy-user-id"))]),
    ...(proxyGid === null ? [] : [makeRule(RETURN, matchOwner("gid", `${proxyGid}`), note("ignore-proxy-group-id"))]),
    makeRule(RETURN, matchInterface("out-interface", "lo"), note("ignore-loopback")),
    ...ignorePorts(outboundPortsToIgnore),
    makeRule(redirectTo(outgoingProxyPort), TCP, note("redirect-all-outgoing-to-proxy-port")),
  ];
}

function inboundRules(settings: LinkerdSettings, family: Family): readonly Rule[] {
  const { inboundPortsToIgnore, subnetsToIgnore, portsToRedirect, incomingProxyPort } = settings;
  const redirect = redirectTo(incomingProxyPort);
  return [
    ...ignorePorts(inboundPortsToIgnore),
    ...subnetsToIgnore
      .filter((subnet) => familyOf(subnet) === family && parseNetwork(subnet) !== null)
      .map((subnet) => makeRule(RETURN, ...matchAddress("source", subnet), note(`ignore-subnet-${subnet}`))),
    ...(portsToRedirect.length === 0
      ? [makeRule(redirect, TCP, note("redirect-all-incoming-to-proxy-port"))]
      : portsToRedirect.map((port) =>
          makeRule(redirect, ...matchPort(`${port}`), note(`redirect-port-${port}-to-proxy-port`)),
        )),
  ];
}

function ignorePorts(ports: readonly Range[]): readonly Rule[] {
  return fillSlots(ports).map((some) =>
    makeRule(RETURN, ...matchPorts(some), note(`ignore-port-${some.map(renderPorts).join(",")}`)),
  );
}

/** Puts as many ports into one match as it holds, in order. */
function fillSlots(ports: readonly Range[]): readonly (readonly Range[])[] {
  const matches: Range[][] = [];
  let used = SLOTS;
  for (const range of ports) {
    const slots = range.first === range.last ? 1 : 2;
    if (used + slots > SLOTS) {
      matches.push([]);
      used = 0;
    }
    matches.at(-1)?.push(range);
    used += slots;
  }
  return matches;
}

function renderPorts({ first, last }: Range): string {
  return first === last ? `${first}` : `${first}:${last}`;
}
