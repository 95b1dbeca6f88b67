import type { Family } from "../model/address.ts";
import {
  BUILT_IN_CHAINS,
  findBase,
  makeIptablesTable,
  readTableName,
  type TableName,
} from "../model/iptables-tables.ts";
import type { Chain, Rule, Ruleset } from "../model/ruleset.ts";
import { nextChain } from "./chain-graph.ts";
import { renderRuleBody } from "./rule-text.ts";
import { faultOfChainName } from "./ruleset-check.ts";

/** A chain that commands may still change; {@link rulesOf} gives its rules in order. */
export interface OpenChain extends Omit<Chain, "rules" | "base"> {
  name: string;
  base: Chain["base"];
  /** Rules put in at the first place, the last one first: many insertions take no longer than as many additions. */
  inserted: Rule[];
  rules: Rule[];
}

/** Gives a chain's rules in order; the list may be changed in place. */
export function rulesOf(chain: OpenChain): Rule[] {
  if (chain.inserted.length > 0) chain.rules = chain.inserted.toReversed().concat(chain.rules);
  chain.inserted = [];
  return chain.rules;
}

/** Makes an empty chain of a table; a built-in one with a policy. */
export function makeOpenChain(table: TableName, name: string, policy: "ACCEPT" | "DROP" = "ACCEPT"): OpenChain {
  return { name, base: findBase(table, name, policy), inserted: [], rules: [] };
}

/** The tables of one family while commands change them; a table is there from its first command on, with its built-in chains. */
export interface OpenTables {
  readonly family: Family;
  readonly tables: Map<TableName, Map<string, OpenChain>>;
}

/** Opens a family's tables, with the rules that are there before the first command; `null` is a machine without any table. */
export function openTables(family: Family, start: Ruleset | null): OpenTables {
  const tables = new Map<TableName, Map<string, OpenChain>>();
  for (const table of start?.tables ?? []) {
    const name = readTableName(table.name);
    if (name === null) continue;
    const chains = makeBuiltIn(name);
    for (const chain of table.chains) chains.set(chain.name, { ...chain, inserted: [], rules: [...chain.rules] });
    tables.set(name, chains);
  }
  return { family, tables };
}

function makeBuiltIn(table: TableName): Map<string, OpenChain> {
  return new Map(BUILT_IN_CHAINS[table].map((name) => [name, makeOpenChain(table, name)]));
}

/**
 * Gives the chains of a table by name; a table that no command has touched so far gets its built-in chains, as iptables makes them.
 */
export function chainsOf(open: OpenTables, table: TableName): Map<string, OpenChain> {
  const chains = open.tables.get(table) ?? makeBuiltIn(table);
  open.tables.set(table, chains);
  return chains;
}

/** Gives the tables as a rule set, or null where no command has touched any. */
export function closeTables({ family, tables }: OpenTables): Ruleset | null {
  if (tables.size === 0) return null;
  return {
    family,
    tables: [...tables].map(([name, chains]) => makeIptablesTable(name, family, [...chains.values()].map(closeChain))),
  };
}

function closeChain(chain: OpenChain): Chain {
  const { name, base, counters } = chain;
  return { name, base, rules: rulesOf(chain), ...(counters ? { counters } : {}) };
}

/** Gives a chain of a table; a built-in one is made where it is not there yet. */
export function findChain(chains: Map<string, OpenChain>, table: TableName, name: string): OpenChain | undefined {
  const known = chains.get(name);
  if (known || !BUILT_IN_CHAINS[table].includes(name)) return known;
  const made = makeOpenChain(table, name);
  chains.set(name, made);
  return made;
}

/** Finds the first rule that says the same, as `-C` and `-D` do; its index, or -1. */
export function findRule(chain: OpenChain, rule: Rule, family: Family): number {
  const text = renderRuleBody(rule, family);
  return rulesOf(chain).findIndex((candidate) => renderRuleBody(candidate, family) === text);
}

/** Adds a user-defined chain to a table; gives what is wrong as a sentence, or null. */
export function addChain(chains: Map<string, OpenChain>, name: string): string | null {
  if (chains.has(name)) return `The chain ${name} exists already.`;
  const fault = faultOfChainName(name);
  if (fault === null) chains.set(name, { name, base: null, inserted: [], rules: [] });
  return fault;
}

/** Removes user-defined chains, one by its name or all (null), as `-X` does; gives what is wrong as a sentence, or null. */
export function removeChains(chains: Map<string, OpenChain>, only: string | null): string | null {
  const doomed = [...chains.values()].filter((chain) => chain.base === null && (only === null || chain.name === only));
  if (only !== null && chains.get(only)?.base) return `${only} is a built-in chain and cannot be deleted.`;
  const full = doomed.find((chain) => rulesOf(chain).length > 0);
  if (full) return `The chain ${full.name} is not empty; flush it first.`;
  const goals = doomed.length > 0 ? listGoals(chains) : new Set();
  const referenced = doomed.find(({ name }) => goals.has(name));
  if (referenced) return `A rule still jumps to the chain ${referenced.name}; delete that rule first.`;
  for (const { name } of doomed) chains.delete(name);
  return null;
}

/** Gives the chains that some rule goes to. */
function listGoals(chains: ReadonlyMap<string, OpenChain>): ReadonlySet<string> {
  const goals = new Set<string>();
  for (const chain of chains.values())
    for (const rule of rulesOf(chain)) {
      const goal = nextChain(rule);
      if (goal !== null) goals.add(goal);
    }
  return goals;
}

/** Gives a chain another name, also in the rules that jump to it; gives what is wrong as a sentence, or null. */
export function renameChain(chains: Map<string, OpenChain>, chain: OpenChain, to: string): string | null {
  if (chain.base !== null) return `${chain.name} is a built-in chain and cannot be renamed.`;
  const fault = chains.has(to) ? `The chain ${to} exists already.` : faultOfChainName(to);
  if (fault !== null) return fault;
  for (const other of chains.values()) {
    other.rules = rulesOf(other).map((rule): Rule => {
      const { target } = rule;
      const leads = target && "chain" in target && target.chain === chain.name;
      return leads ? { ...rule, target: { ...target, chain: to } } : rule;
    });
  }
  chains.delete(chain.name);
  chain.name = to;
  chains.set(to, chain);
  return null;
}
