import type { Family } from "../model/address.ts";
import type { RoutingRule } from "../model/policy-routing.ts";
import { parseRoutingRule } from "./routing-words.ts";

/** The rules that every network namespace has (fib_default_rules_init in net/ipv4/fib_rules.c, fib6_rules_net_init). */
const KERNEL_RULE = /^(0:\s+from all lookup local|32766:\s+from all lookup main|32767:\s+from all lookup default)$/;

/**
 * Reads a rule as `ip rule` prints it; empty for one that every namespace has by itself.
 *
 * @example
 * readPrintedRule("32765: from all fwmark 0x539 lookup 133", 4)   // [{ kind: "lookup", priority: 32765, table: 133, … }]
 * readPrintedRule("0: from all lookup local", 4)                  // []
 */
export function readPrintedRule(line: string, family: Family): readonly RoutingRule[] {
  if (KERNEL_RULE.test(line)) return [];
  const [, priority = "", words = line] = /^(\d+):\s+(.*)$/.exec(line) ?? [];
  return [parseRoutingRule(`pref ${priority} ${words}`, family)];
}
