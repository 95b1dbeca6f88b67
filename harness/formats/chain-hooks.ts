import { chainsByName, type Table } from "../model/ruleset.ts";
import { listJumps, listStarts } from "./chain-graph.ts";

/** The built-in chains that a chain can be reached from. */
type Hooks = ReadonlySet<string>;

/** Gives for each chain the built-in chains it can be reached from. Chains that are reached from the same ones have one set. */
export function findHooks(table: Table): ReadonlyMap<string, Hooks> {
  const byName = chainsByName(table);
  const hooks = new Map<string, Hooks>();
  for (const hook of listStarts(table)) {
    const add = openAdding(hook);
    const open = [hook];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const known = hooks.get(name);
      if (known?.has(hook)) continue;
      hooks.set(name, add(known));
      const chain = byName.get(name);
      for (const { to } of chain === undefined ? [] : listJumps(chain)) open.push(to);
    }
  }
  return hooks;
}

/** Opens what gives a set with a hook in it as well, one for each set. */
function openAdding(hook: string): (known: Hooks | undefined) => Hooks {
  const alone: Hooks = new Set([hook]);
  const made = new Map<Hooks, Hooks>();
  return (known) => {
    if (known === undefined) return alone;
    const more = made.get(known) ?? new Set([...known, hook]);
    made.set(known, more);
    return more;
  };
}
