import type { RoutingRule, TableRoute } from "../model/policy-routing.ts";
import { renderRoutingRule, renderTableRoute } from "./routing-words.ts";

/** Says whether two rules ask the same and look into the same table; a priority counts only where both give one. */
export function isSameRule(one: RoutingRule, other: RoutingRule): boolean {
  const [a, b] = [priorityOf(one), priorityOf(other)];
  const isAtSamePlace = a === null || b === null || a === b;
  return isAtSamePlace && one.family === other.family && withoutPriority(one) === withoutPriority(other);
}

/** Says whether two routes are the same route of the same table. */
export function isSameRoute(one: TableRoute, other: TableRoute): boolean {
  return one.family === other.family && renderTableRoute(one) === renderTableRoute(other);
}

function priorityOf(rule: RoutingRule): number | null {
  return rule.kind === "lookup" ? rule.priority : null;
}

function withoutPriority(rule: RoutingRule): string {
  return renderRoutingRule(rule.kind === "lookup" ? { ...rule, priority: null } : rule);
}
