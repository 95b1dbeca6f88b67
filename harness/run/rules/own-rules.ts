import { renderMatches } from "../../formats/matches.ts";
import { listNextChains, replaceTargets } from "../../model/rule-parts.ts";
import type { Chain, PodRules, Rule, Ruleset, Table } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";

/**
 * Gives the rules of a mesh's own tool with the chain names that the rules under test have for them, so that the two can be compared rule
 * by rule. A chain is renamed only if the rules under test lack its name, and have a chain with a name of their own to which the same jump
 * leads, or that holds the same rules. All other chains keep their names. Both order and number of rules stay.
 *
 * @example
 * renameAsTested(own, tested)   // tested: -A OUTPUT -p tcp -j MY_OUTPUT
 * // own with MY_OUTPUT in the place of ISTIO_OUTPUT: -A OUTPUT -p tcp -j MY_OUTPUT, -A MY_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN, …
 */
export function renameAsTested(own: PodRules, tested: PodRules): PodRules {
  return { ...own, ip: renameRuleset(own.ip, tested.ip), ip6: renameRuleset(own.ip6, tested.ip6) };
}

function renameRuleset(own: Ruleset | null, tested: Ruleset | null): Ruleset | null {
  if (own === null || tested === null) return own;
  const tables = own.tables.map((table) => {
    const other = tested.tables.find(({ name, source }) => name === table.name && source !== "nft");
    return other === undefined ? table : renameChains(table, matchChains(table, other));
  });
  return { ...own, tables };
}

/** Gives for each chain of the mesh's that the other table does not have the chain that stands in its place there, if one does. */
function matchChains(own: Table, tested: Table): ReadonlyMap<string, string> {
  const ownNames = new Set(own.chains.map(({ name }) => name));
  const testedNames = new Set(tested.chains.map(({ name }) => name));
  const found = new Map([...ownNames].filter((name) => testedNames.has(name)).map((name) => [name, name]));
  const isOpen = (name: string) => ownNames.has(name) && !found.has(name);
  const isFree = (name: string) => testedNames.has(name) && !ownNames.has(name) && ![...found.values()].includes(name);
  const enter = (name: string, candidates: readonly string[]) => {
    const free = [...new Set(candidates.filter(isFree))];
    if (isOpen(name) && free.length === 1) found.set(name, free.join(""));
  };
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [name, other] of [...found])
      for (const [text, next] of listJumps(own, name))
        enter(
          next,
          listJumps(tested, other).flatMap(([otherText, otherNext]) => (otherText === text ? otherNext : [])),
        );
    for (const { name, rules } of own.chains.filter((chain) => isOpen(chain.name)))
      enter(
        name,
        tested.chains.filter((chain) => rules.length > 0 && isSame(rules, chain.rules)).map((chain) => chain.name),
      );
  }
  return found;
}

/** The jumps of a chain: what their rules compare, and where they lead. */
function listJumps({ chains }: Table, name: string): readonly (readonly [text: string, next: string])[] {
  const rules = chains.find((chain) => chain.name === name)?.rules ?? [];
  return rules.flatMap((rule) => listNextChains(rule).map((next) => [renderNameless(rule), next] as const));
}

function isSame(rules: readonly Rule[], others: Chain["rules"]): boolean {
  return rules.length === others.length && rules.every((rule, i) => isAlike(rule, others[i]));
}

function isAlike(rule: Rule, other: Rule | undefined): boolean {
  return other !== undefined && renderNameless(rule) === renderNameless(other);
}

/** A rule without the names of the chains that it leads to. */
function renderNameless({ matches, target }: Rule): string {
  const rest = target === null ? null : replaceTargets(target, (each) => renameNext(each, () => ""));
  const asText = (_: string, value: unknown) => (typeof value === "bigint" ? `${value}` : value);
  return `${renderMatches(matches).join(" ")} ${JSON.stringify(rest, asText)}`;
}

function renameNext(target: Target, rename: (name: string) => string): Target {
  return target.kind === "jump" || target.kind === "goto" ? { ...target, chain: rename(target.chain) } : target;
}

function renameChains(table: Table, names: ReadonlyMap<string, string>): Table {
  const rename = (name: string) => names.get(name) ?? name;
  const chains = table.chains.map((chain) => ({
    ...chain,
    name: rename(chain.name),
    rules: chain.rules.map((rule) =>
      rule.target === null
        ? rule
        : { ...rule, target: replaceTargets(rule.target, (target) => renameNext(target, rename)) },
    ),
  }));
  return { ...table, chains };
}
