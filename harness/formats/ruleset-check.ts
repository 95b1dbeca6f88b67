import { codedFinding, type Finding } from "../model/finding.ts";
import { BUILT_IN_CHAINS } from "../model/iptables-tables.ts";
import { type Chain, chainsByName, type Rule, type Ruleset, type Table } from "../model/ruleset.ts";
import { findLoops, listJumps, nextChain } from "./chain-graph.ts";
import { findHooks } from "./chain-hooks.ts";
import { isPlacedLike, keepPlaced } from "./placed-alike.ts";
import { checkRulePlacement } from "./rule-placement.ts";
import { countBytes } from "./words.ts";

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
    const chains = chainsByName(table);
    const tell = (rule: Rule, message: string) =>
      codedFinding("rule-fault", where, message, rule.line ?? null, columnOf(rule));
    const hooks = findHooks(table);
    // A large cluster has ten thousands of small chains, whose rules stand alike where the same hooks lead to them.
    const placedBy = new Map<string, Rule[]>();
    return [
      ...table.chains.flatMap((chain) => findMissingChains(table, chain, chains, tell)),
      ...findLoops(table).map(({ rule, message }) => tell(rule, message)),
      ...table.chains.flatMap((chain) => {
        const leading = hooks.get(chain.name) ?? new Set();
        const check = (rule: Rule) => checkRulePlacement(rule, ruleset.family, table.name, chain.name, leading);
        const own = HOOK_NAMES.has(chain.name) ? chain.name : "";
        const key = [own, ...leading].join(" ");
        const placed = placedBy.get(key) ?? [];
        placedBy.set(key, placed);
        return findMisplaced(chain.rules, placed, check, tell);
      }),
    ];
  });
}

/** Says what is wrong with the name of a new chain, or null (iptables(8); iptables/xshared.c, `assert_valid_chain_name`, 1.8.9). */
export function faultOfChainName(name: string): string | null {
  if (countBytes(name) > 28) return `The chain name ${name} is too long; the maximum is 28 characters.`;
  if (name === "") return "A chain needs a name.";
  if (/^[-!]/.test(name)) return `The chain name ${name} begins with "${name[0]}"; begin with a letter.`;
  return ["ACCEPT", "DROP", "RETURN", "QUEUE"].includes(name)
    ? `${name} is a target, so a chain cannot have this name.`
    : null;
}

type Tell = (rule: Rule, message: string) => Finding;

/** Chains whose names say where packets come from or go to. */
const HOOK_NAMES: ReadonlySet<string> = new Set(Object.values(BUILT_IN_CHAINS).flat());

/**
 * Finds what is wrong with the rules of one chain by where they stand. One rule of many that are alike is looked at; `placed` are those
 * that were found right in chains like this one, and is added to.
 */
function findMisplaced(
  rules: readonly Rule[],
  placed: Rule[],
  check: (rule: Rule) => readonly string[],
  tell: Tell,
): readonly Finding[] {
  const found: Finding[] = [];
  for (const rule of rules) {
    if (isPlacedLike(rule, placed)) continue;
    const messages = check(rule);
    for (const message of messages) found.push(tell(rule, message));
    if (messages.length === 0) keepPlaced(placed, rule);
  }
  return found;
}

function findMissingChains(
  table: Table,
  chain: Chain,
  chains: ReadonlyMap<string, Chain>,
  tell: Tell,
): readonly Finding[] {
  const lost = listJumps(chain).filter(({ rule, to }) => nextChain(rule) === to && chains.get(to)?.base !== null);
  return lost.map(({ rule, to: next }) => {
    const reason = chains.has(next)
      ? `${next} is a built-in chain, and rules cannot jump to built-in chains`
      : `the table ${table.name} has no chain ${next}`;
    return tell(rule, `The chain ${chain.name} goes to ${next}, but ${reason}.`);
  });
}
