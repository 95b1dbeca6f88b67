import { listBuiltInChains, makeChain } from "../model/iptables-tables.ts";
import type { Chain, Ruleset } from "../model/ruleset.ts";
import { renderRule } from "./rule-text.ts";

/**
 * Gives one table as `iptables -t TABLE -S` prints it: the policies of the built-in chains, the other chains in the kernel's order (by
 * name), then the rules chain by chain. Ends in a line break. A table that the rule set does not have prints its policies alone.
 *
 * @example
 * renderList(ruleset, "nat")
 * // -P PREROUTING ACCEPT
 * // -P INPUT ACCEPT
 * // -P OUTPUT ACCEPT
 * // -P POSTROUTING ACCEPT
 * // -A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001
 */
export function renderList(ruleset: Ruleset, table: string): string {
  const chains = chainsInOrder(ruleset, table);
  const heads = chains.map(({ name, base }) => (base === null ? `-N ${name}` : `-P ${name} ${base.policy}`));
  return [...heads, ...renderRuleLines(ruleset, table), ""].join("\n");
}

/** Gives the `-A` lines of one table, chain by chain in the order of `iptables -S`. */
export function renderRuleLines(ruleset: Ruleset, table: string): readonly string[] {
  return chainsInOrder(ruleset, table).flatMap((chain) =>
    chain.rules.map((rule) => renderRule(chain.name, rule, ruleset.family)),
  );
}

/**
 * Gives a table's chains in the order in which iptables lists them: every built-in chain, whether the rule set has it or not, in the
 * kernel's order, then the others by name, compared byte by byte.
 */
export function chainsInOrder(ruleset: Ruleset, table: string): readonly Chain[] {
  const own = ruleset.tables.find((candidate) => candidate.name === table)?.chains ?? [];
  const builtIn = listBuiltInChains(table).map(
    (name): Chain => own.find((chain) => chain.name === name) ?? makeChain(table, name),
  );
  const others = own.filter((chain) => !listBuiltInChains(table).includes(chain.name));
  return [...builtIn, ...others.toSorted((a, b) => (a.name < b.name ? -1 : 1))];
}
