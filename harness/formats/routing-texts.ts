import type { Family } from "../model/address.ts";
import type { PolicyRouting } from "../model/policy-routing.ts";
import {
  parseLoopbackAddress,
  parseRoutingRule,
  parseTableRoute,
  renderLoopbackAddress,
  renderRoutingRule,
  renderTableRoute,
} from "./routing-words.ts";

/**
 * Policy routing as texts for JSON, in `ip`'s words without `ip rule add`, `ip route add`, `ip addr add`. A rule or route of IPv6 begins
 * with `-6 `.
 *
 * @example { rules: ["-6 fwmark 0x539 lookup 133"], routes: ["-6 local ::/0 dev lo table 133"], addresses: ["::6/128 dev lo"] }
 */
export interface RoutingTexts {
  readonly rules: readonly string[];
  readonly routes: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * Gives policy routing as texts.
 *
 * @example
 * renderRoutingTexts(policyRouting)   // { rules: ["fwmark 0x539 lookup 133"], routes: [], addresses: [] }
 */
export function renderRoutingTexts({ rules, routes, addresses }: PolicyRouting): RoutingTexts {
  return {
    rules: rules.map((rule) => `${option(rule.family)}${renderRoutingRule(rule)}`),
    routes: routes.map((route) => `${option(route.family)}${renderTableRoute(route)}`),
    addresses: addresses.map(renderLoopbackAddress),
  };
}

/** Reads what {@link renderRoutingTexts} writes; a rule or route that is not understood is kept as text. */
export function parseRoutingTexts({ rules, routes, addresses }: RoutingTexts): PolicyRouting {
  return {
    rules: rules.map((text) => parseRoutingRule(...splitFamily(text))),
    routes: routes.map((text) => parseTableRoute(...splitFamily(text))),
    addresses: addresses.flatMap((text) => parseLoopbackAddress(text) ?? []),
  };
}

function option(family: Family): "" | "-6 " {
  return family === 6 ? "-6 " : "";
}

function splitFamily(text: string): [text: string, family: Family] {
  return text.startsWith("-6 ") ? [text.slice(3), 6] : [text, 4];
}
