import { isSameRoute, isSameRule } from "../formats/same-routing.ts";
import { DEFAULT_TPROXY_MARK, DEFAULT_TPROXY_ROUTE_TABLE } from "../meshes/istio-1.4/defaults.ts";
import type { Family } from "../model/address.ts";
import { type LoopbackAddress, PASS_THROUGH_ON_LO, type PolicyRouting, WHOLE_MARK } from "../model/policy-routing.ts";
import type { RulesState } from "./rules-state.ts";

/**
 * Gives the policy routing that looks like the generator's, if there is no record: rules with a mark that the mangle table sets, or the
 * default one; the routes of their tables, or of the default one; `::6` on lo.
 */
export function guessOwnRouting(routing: PolicyRouting, states: readonly RulesState[]): PolicyRouting {
  const bodies = states.flatMap((state) => state.get("mangle")?.get("ISTIO_DIVERT")?.bodies ?? []);
  const set = bodies.flatMap((body) => /--set-xmark (0x[0-9a-f]+)\//.exec(body)?.[1] ?? []);
  const marks = [DEFAULT_TPROXY_MARK, ...set.map(Number)];
  const rules = routing.rules.flatMap((rule) =>
    rule.kind === "lookup" && rule.fwmark?.mask === WHOLE_MARK && marks.includes(rule.fwmark.value) ? [rule] : [],
  );
  const isOwn = (family: Family, table: number) =>
    table === DEFAULT_TPROXY_ROUTE_TABLE || rules.some((rule) => rule.family === family && rule.table === table);
  return {
    rules,
    routes: routing.routes.filter((route) => route.kind !== "unknown" && isOwn(route.family, route.table)),
    addresses: routing.addresses.filter((address) => isSameAddress(address, PASS_THROUGH_ON_LO)),
  };
}

/** Gives what is in one and not in the other, duplicates too. */
export function subtractRouting(some: PolicyRouting, others: PolicyRouting): PolicyRouting {
  return keepWhere(some, others, (isThere) => !isThere);
}

/** Gives the parts of the first that are in the other, as the first has them: with its priorities and duplicates. */
export function intersectRouting(some: PolicyRouting, others: PolicyRouting): PolicyRouting {
  return keepWhere(some, others, (isThere) => isThere);
}

/** Gives what is in either, each once. */
export function uniteRouting(some: PolicyRouting, others: PolicyRouting): PolicyRouting {
  const more = subtractRouting(others, some);
  return {
    rules: keepFirst([...some.rules, ...more.rules], isSameRule),
    routes: keepFirst([...some.routes, ...more.routes], isSameRoute),
    addresses: keepFirst([...some.addresses, ...more.addresses], isSameAddress),
  };
}

/** Says whether policy routing asks for nothing. */
export function isEmptyRouting({ rules, routes, addresses }: PolicyRouting): boolean {
  return rules.length + routes.length + addresses.length === 0;
}

function keepWhere(some: PolicyRouting, others: PolicyRouting, keeps: (isThere: boolean) => boolean): PolicyRouting {
  return {
    rules: some.rules.filter((one) => keeps(others.rules.some((other) => isSameRule(one, other)))),
    routes: some.routes.filter((one) => keeps(others.routes.some((other) => isSameRoute(one, other)))),
    addresses: some.addresses.filter((one) => keeps(others.addresses.some((other) => isSameAddress(one, other)))),
  };
}

function keepFirst<T>(all: readonly T[], isSame: (one: T, other: T) => boolean): readonly T[] {
  return all.filter((one, i) => all.findIndex((other) => isSame(one, other)) === i);
}

function isSameAddress(one: LoopbackAddress, other: LoopbackAddress): boolean {
  return one.address === other.address && one.prefixLength === other.prefixLength;
}
