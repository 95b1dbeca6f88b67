import { BUILT_IN_CHAINS, TABLE_NAMES, type TableName } from "../model/iptables-tables.ts";

/** Targets that stand in one table alone (the `table` of their kernel modules, net/netfilter/xt_*.c, 6.18). */
const TABLE_OF_TARGET: Readonly<Record<string, TableName>> = {
  REDIRECT: "nat",
  DNAT: "nat",
  SNAT: "nat",
  MASQUERADE: "nat",
  NETMAP: "nat",
  FULLCONENAT: "nat",
  TPROXY: "mangle",
  TTL: "mangle",
  HL: "mangle",
  DSCP: "mangle",
  TOS: "mangle",
  REJECT: "filter",
  SYNPROXY: "filter",
  NOTRACK: "raw",
  CT: "raw",
};
/** A listing of `security` names the chains that one of `filter` does, and is seldom printed without its name. */
const LISTED = TABLE_NAMES.filter((table) => table !== "security");
const BUILT_IN = new Set(Object.values(BUILT_IN_CHAINS).flat());

/**
 * Finds the table that lines of `iptables -S` come from: by the built-in chains whose policies they give, which are all that the table has,
 * else by the built-in chains they name and the targets that stand in one table alone. Null where that leaves none, or several.
 *
 * @example
 * findListedTable(["-P PREROUTING ACCEPT", "-P INPUT ACCEPT", "-P OUTPUT ACCEPT", "-P POSTROUTING ACCEPT"])   // "nat"
 */
export function findListedTable(lines: readonly string[]): TableName | null {
  const policies = new Set<string>();
  const named = new Set<string>();
  const targets = new Set<string>();
  for (const line of lines) {
    const [, letter, chain = ""] = /(?:^|\s)-([A-Z]|-[a-z-]+)\s+(\S+)/.exec(line) ?? [];
    if (letter === "P" || letter === "-policy") policies.add(chain);
    if (BUILT_IN.has(chain)) named.add(chain);
    const target = /\s(?:-j|--jump)\s+(\S+)/.exec(line)?.[1];
    if (target !== undefined) targets.add(target);
  }
  const exact = LISTED.filter((table) => isSame(BUILT_IN_CHAINS[table], policies));
  const fitting = LISTED.filter((table) => canHold(table, named, targets));
  const [found, ...others] = exact.length > 0 ? exact : fitting;
  return others.length === 0 ? (found ?? null) : null;
}

function isSame(chains: readonly string[], policies: ReadonlySet<string>): boolean {
  return chains.length === policies.size && chains.every((chain) => policies.has(chain));
}

function canHold(table: TableName, chains: ReadonlySet<string>, targets: ReadonlySet<string>): boolean {
  const hasChains = [...chains].every((chain) => BUILT_IN_CHAINS[table].includes(chain));
  return hasChains && [...targets].every((target) => (TABLE_OF_TARGET[target] ?? table) === table);
}
