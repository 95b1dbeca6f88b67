import { renderHex } from "../formats/values.ts";
import { DEFAULT_TPROXY_MARK, DEFAULT_TPROXY_ROUTE_TABLE } from "../meshes/istio-1.4/defaults.ts";
import { PASS_THROUGH_IPV6 } from "../model/pod.ts";
import type { PolicyRouting } from "../model/ruleset.ts";
import type { MarkRule } from "./network-state.ts";
import type { RulesState } from "./rules-state.ts";

/** The generator's own mark and table where nothing says otherwise, and the address it adds, as `ip` prints them. */
const DEFAULT_MARK = renderHex(DEFAULT_TPROXY_MARK);
const DEFAULT_TABLE = String(DEFAULT_TPROXY_ROUTE_TABLE);
const PASS_THROUGH = `${PASS_THROUGH_IPV6}/128 dev lo`;

/**
 * Gives the policy routing that looks like the generator's, for want of a record: rules with a mark that the mangle table sets, or the
 * default one; the routes of their tables, or of the default one; `::6` on lo.
 */
export function guessOwnRouting(routing: PolicyRouting, states: readonly RulesState[]): PolicyRouting {
  const bodies = states.flatMap((state) => state.get("mangle")?.get("ISTIO_DIVERT")?.bodies ?? []);
  const marks = [DEFAULT_MARK, ...bodies.flatMap((body) => /--set-xmark (0x[0-9a-f]+)\//.exec(body)?.[1] ?? [])];
  const rules = routing.rules.filter((rule) => marks.some((mark) => rule.startsWith(`fwmark ${mark} lookup `)));
  const tables = [DEFAULT_TABLE, ...rules.flatMap((rule) => rule.split(" ").at(-1) ?? [])];
  return {
    rules,
    routes: routing.routes.filter((route) => tables.includes(route.split(" ").at(-1) ?? "")),
    addresses: routing.addresses.filter((address) => address === PASS_THROUGH),
  };
}

/** Gives what is in one and not in the other, duplicates too. */
export function subtractRouting(some: PolicyRouting, others: PolicyRouting): PolicyRouting {
  return mapRouting((part) => some[part].filter((line) => !others[part].includes(line)));
}

/** Gives what is in both. */
export function intersectRouting(some: PolicyRouting, others: PolicyRouting): PolicyRouting {
  return mapRouting((part) => some[part].filter((line) => others[part].includes(line)));
}

/** Gives what is in either, each once. */
export function uniteRouting(some: PolicyRouting, others: PolicyRouting): PolicyRouting {
  return mapRouting((part) => [...new Set([...some[part], ...others[part]])]);
}

/** Gives the lines of `ip -batch` that add policy routing: addresses and routes before the rules that lead to them. */
export function addLines({ rules, routes, addresses }: PolicyRouting): readonly string[] {
  return [
    ...addresses.map((address) => `addr add ${address}`),
    ...routes.map((route) => `route add ${route}`),
    ...rules.map((rule) => `rule add ${rule}`),
  ];
}

/**
 * Gives the lines of `ip -batch` that remove it again, the other way round. Where the rules that are there are known, each is named by its
 * priority too: the kernel deletes the first rule that has what is named, and it may ask for more.
 */
export function removeLines(
  { rules, routes, addresses }: PolicyRouting,
  present?: readonly MarkRule[],
): readonly string[] {
  const numbered = present
    ?.filter(({ words }) => rules.includes(words))
    .map(({ words, priority }) => `pref ${priority} ${words}`);
  return [
    ...(numbered ?? rules).map((rule) => `rule del ${rule}`),
    ...routes.map((route) => `route del ${route}`),
    ...addresses.map((address) => `addr del ${address}`),
  ];
}

function mapRouting(partOf: (part: keyof PolicyRouting) => readonly string[]): PolicyRouting {
  return { rules: partOf("rules"), routes: partOf("routes"), addresses: partOf("addresses") };
}
