import type { Family } from "./address.ts";
import type { Hook } from "./hook.ts";
import { type BaseChain, type Chain, familyKey, type Rule, type Table } from "./ruleset.ts";

/** The tables of iptables, in the order in which the hooks consult them; source NAT alone comes behind `security`. */
export const TABLE_NAMES = ["raw", "mangle", "nat", "filter", "security"] as const;

/** The name of one of the four tables of iptables that landfall examines: `raw`, `mangle`, `nat`, `filter`. */
export type TableName = (typeof TABLE_NAMES)[number];

/** A built-in chain of iptables, policy aside. */
type BuiltInChain = Omit<BaseChain, "policy">;

/** The hook of each name that a built-in chain has; iptables prints a table's chains in this order. */
const HOOK_OF = {
  PREROUTING: "prerouting",
  INPUT: "input",
  FORWARD: "forward",
  OUTPUT: "output",
  POSTROUTING: "postrouting",
} as const satisfies Readonly<Record<string, Hook>>;

/** Gives a table's built-in chains at some priority. */
function at(priority: number, names: readonly (keyof typeof HOOK_OF)[], type: BaseChain["type"] = "filter") {
  return names.map((name): readonly [string, BuiltInChain] => [name, { hook: HOOK_OF[name], type, priority }]);
}

const ALL = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"] as const;

/**
 * The chains that the kernel makes by itself, with the priorities of include/uapi/linux/netfilter_ipv4.h (`enum nf_ip_hook_priorities`).
 * mangle OUTPUT routes a packet again that it has changed (ipt_mangle_out in net/ipv4/netfilter/iptable_mangle.c).
 */
const BUILT_IN: Readonly<Record<TableName, ReadonlyMap<string, BuiltInChain>>> = {
  raw: new Map(at(-300, ["PREROUTING", "OUTPUT"])),
  mangle: new Map(
    at(-150, ALL).map(([name, chain]) => [name, name === "OUTPUT" ? { ...chain, type: "route" } : chain]),
  ),
  nat: new Map(
    ALL.filter((name) => name !== "FORWARD").flatMap((name) =>
      at(name === "PREROUTING" || name === "OUTPUT" ? -100 : 100, [name], "nat"),
    ),
  ),
  filter: new Map(at(0, ["INPUT", "FORWARD", "OUTPUT"])),
  security: new Map(at(50, ["INPUT", "FORWARD", "OUTPUT"])),
};

/** The names of the chains that the kernel makes by itself, by table, in the order iptables prints them. */
export const BUILT_IN_CHAINS: Readonly<Record<TableName, readonly string[]>> = {
  raw: [...BUILT_IN.raw.keys()],
  mangle: [...BUILT_IN.mangle.keys()],
  nat: [...BUILT_IN.nat.keys()],
  filter: [...BUILT_IN.filter.keys()],
  security: [...BUILT_IN.security.keys()],
};

/**
 * Gives where the kernel calls a chain of a table; null for a chain that it does not make by itself.
 *
 * @example
 * findBase("nat", "OUTPUT")   // { hook: "output", type: "nat", priority: -100, policy: "ACCEPT" }
 */
export function findBase(table: string, chain: string, policy: BaseChain["policy"] = "ACCEPT"): BaseChain | null {
  const name = readTableName(table);
  const found = name === null ? undefined : BUILT_IN[name].get(chain);
  return found ? { ...found, policy } : null;
}

/** Gives the names of the chains that the kernel makes by itself in a table of iptables; none where it is not one. */
export function listBuiltInChains(table: string): readonly string[] {
  const name = readTableName(table);
  return name === null ? [] : BUILT_IN_CHAINS[name];
}

/** Gives a chain of a table: a built-in one with policy ACCEPT, where the kernel calls it; every other without a base. */
export function makeChain(table: string, name: string, rules: readonly Rule[] = []): Chain {
  return { name, base: findBase(table, name), rules };
}

/** Gives a table of iptables, of the variant that `source` names, with its chains in the order given. */
export function makeIptablesTable(
  name: TableName,
  family: Family,
  chains: readonly Chain[],
  source: Exclude<Table["source"], "nft"> = "iptables",
): Table {
  return { family: familyKey(family), source, name, chains };
}

/** Gives a table's name where it is one of iptables' that are examined, else null. */
export function readTableName(name: string): TableName | null {
  return TABLE_NAMES.find((known) => known === name) ?? null;
}
