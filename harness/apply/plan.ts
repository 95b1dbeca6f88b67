import type { HookRule, OwnTable } from "./own-rules.ts";

/**
 * Gives the lines that bring what is ours in one table from one state to another, to stand between `*TABLE` and `COMMIT` of an
 * `iptables-restore --noflush`. Nothing else is touched; no lines where both are the same. Hooks that are right stay where they are.
 */
export function planTable(current: OwnTable, wanted: OwnTable): readonly string[] {
  const stale = [...current.chains.keys()].filter((chain) => !wanted.chains.has(chain));
  const changed = [...wanted.chains].filter(([chain, bodies]) => !sameLines(current.chains.get(chain), bodies));
  const hookChains = [...new Set([...current.hooks, ...wanted.hooks].map(({ chain }) => chain))];
  const movedChains = hookChains.filter(
    (chain) => !sameLines(bodiesIn(current.hooks, chain), bodiesIn(wanted.hooks, chain)),
  );
  return [
    // Naming a chain makes it or empties it.
    ...[...changed.map(([chain]) => chain), ...stale].map((chain) => `:${chain} - [0:0]`),
    ...movedChains.flatMap((chain) => removeHooks(hooksIn(current.hooks, chain))),
    ...changed.flatMap(([chain, bodies]) => bodies.map((body) => `-A ${chain} ${body}`)),
    ...movedChains.flatMap((chain) => addHooks(hooksIn(wanted.hooks, chain))),
    ...stale.map((chain) => `-X ${chain}`),
  ];
}

/** Gives the whole input of one `iptables-restore --noflush` from the lines of each table, in order; empty where there are none. */
export function renderPlan(tables: ReadonlyMap<string, readonly string[]>): string {
  return [...tables]
    .filter(([, lines]) => lines.length > 0)
    .map(([table, lines]) => [`*${table}`, ...lines, "COMMIT\n"].join("\n"))
    .join("");
}

/** Numbers first and from below, so that none changes under way. */
function removeHooks(hooks: readonly HookRule[]): readonly string[] {
  const byWords = hooks.filter(({ goesBy }) => goesBy === "words");
  const byNumber = hooks.filter(({ goesBy }) => goesBy !== "words").toReversed();
  return [
    ...byNumber.map(({ chain, place }) => `-D ${chain} ${place}`),
    ...byWords.map(({ chain, body }) => `-D ${chain} ${body}`),
  ];
}

function addHooks(hooks: readonly HookRule[]): readonly string[] {
  let top = 0;
  return hooks.map(({ chain, body, place }) => {
    if (place === "bottom") return `-A ${chain} ${body}`;
    top += 1;
    return `-I ${chain} ${place === "top" ? top : place} ${body}`;
  });
}

function hooksIn(hooks: readonly HookRule[], chain: string): readonly HookRule[] {
  return hooks.filter((hook) => hook.chain === chain);
}

function bodiesIn(hooks: readonly HookRule[], chain: string): readonly string[] {
  return hooksIn(hooks, chain).map(({ body }) => body);
}

function sameLines(some: readonly string[] | undefined, others: readonly string[]): boolean {
  return some !== undefined && some.length === others.length && some.every((line, i) => line === others[i]);
}
