import { type Finding, finding } from "../model/finding.ts";
import type { Chain, Rule, Ruleset, Table } from "../model/ruleset.ts";
import { checkRulePlacement } from "./rule-placement.ts";

/**
 * Gives everything that the kernel or iptables would refuse of a rule set: targets and matches where they are not valid, jumps to
 * chains that are not there, and loops of jumps. `columnOf` gives the column of a rule's target where the text is known.
 */
export function checkRuleset(
  ruleset: Ruleset,
  where: string,
  columnOf: (rule: Rule) => number | null = () => null,
): readonly Finding[] {
  return ruleset.tables.flatMap((table) => {
    const chains = new Map(table.chains.map((chain) => [chain.name, chain]));
    const tell = (rule: Rule, message: string) => finding(where, message, rule.line ?? null, columnOf(rule));
    const hooks = findHooks(table, chains);
    return [
      ...table.chains.flatMap((chain) => findMissingChains(table, chain, chains, tell)),
      ...findLoops(table, chains, tell),
      ...table.chains.flatMap((chain) =>
        chain.rules.flatMap((rule) =>
          checkRulePlacement(rule, ruleset.family, table.name, chain.name, hooks.get(chain.name) ?? new Set()).map(
            (message) => tell(rule, message),
          ),
        ),
      ),
    ];
  });
}

/** Says what is wrong with the name of a new chain, or null (iptables(8); iptables/xshared.c, `assert_valid_chain_name`, 1.8.9). */
export function faultOfChainName(name: string): string | null {
  if (name.length > 28) return `The chain name ${name} is too long; 28 characters is the most.`;
  if (/^[-!]/.test(name)) return `The chain name ${name} begins with "${name[0]}"; begin with a letter.`;
  return ["ACCEPT", "DROP", "RETURN", "QUEUE"].includes(name)
    ? `${name} is a target; no chain can have its name.`
    : null;
}

type Tell = (rule: Rule, message: string) => Finding;

/** Gives the chain a rule hands its packet to, or null if it hands it to none. */
export function nextChain(rule: Rule): string | null {
  return rule.target?.kind === "jump" || rule.target?.kind === "goto" ? rule.target.chain : null;
}

function findMissingChains(
  table: Table,
  chain: Chain,
  chains: ReadonlyMap<string, Chain>,
  tell: Tell,
): readonly Finding[] {
  return chain.rules.flatMap((rule) => {
    const next = nextChain(rule);
    if (next === null || chains.get(next)?.base === null) return [];
    const reason = chains.has(next)
      ? `${next} is a built-in chain, which no rule can go to`
      : `the table ${table.name} has no chain ${next}`;
    return [tell(rule, `The chain ${chain.name} goes to ${next}, but ${reason}.`)];
  });
}

/** A rule closes a loop if it goes to a chain that is still being walked. */
function findLoops(table: Table, chains: ReadonlyMap<string, Chain>, tell: Tell): readonly Finding[] {
  const findings: Finding[] = [];
  const walking: string[] = [];
  const done = new Set<string>();
  const walk = (chain: Chain): void => {
    walking.push(chain.name);
    for (const rule of chain.rules) {
      const next = chains.get(nextChain(rule) ?? "");
      if (!next || done.has(next.name)) continue;
      const at = walking.indexOf(next.name);
      if (at < 0) walk(next);
      else
        findings.push(
          tell(
            rule,
            `This closes a loop of chains, which the kernel refuses: ${[...walking.slice(at), next.name].join(" → ")}.`,
          ),
        );
    }
    walking.pop();
    done.add(chain.name);
  };
  for (const chain of table.chains) if (!done.has(chain.name)) walk(chain);
  return findings;
}

/** Gives for each chain the built-in chains it can be reached from. */
function findHooks(table: Table, chains: ReadonlyMap<string, Chain>): ReadonlyMap<string, ReadonlySet<string>> {
  const hooks = new Map<string, Set<string>>();
  const walk = (name: string, hook: string): void => {
    const known = hooks.get(name) ?? new Set();
    if (known.has(hook)) return;
    hooks.set(name, known.add(hook));
    for (const next of new Set(chains.get(name)?.rules.map(nextChain))) if (next !== null) walk(next, hook);
  };
  for (const { name, base } of table.chains) if (base !== null) walk(name, name);
  return hooks;
}
