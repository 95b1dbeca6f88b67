import { quoteRule } from "../../formats/rule-text.ts";
import type { Hook } from "../../model/hook.ts";
import type { Match } from "../../model/match.ts";
import type { MarkTest, PolicyRouting } from "../../model/policy-routing.ts";
import { listMatches, listNextChains, listRulesetTargets, listTargets } from "../../model/rule-parts.ts";
import { handlePlace, type RulePlace, tablePlace } from "../../model/rule-place.ts";
import { type Chain, chainsByName, listActiveTables, type Rule, type Ruleset } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { listAskedMarks } from "../diagrams/compare-traits.ts";

/** A mark that a rule sets and nothing that is known asks for, with the place of the rule. */
export interface UnusedMark extends RulePlace {
  readonly value: number;
}

/**
 * Gives the marks that rules set and that no rule of policy routing, and no rule that the packet can meet later on its way out or in, asks
 * for: each mark once, with the first rule that sets it. Where a rule copies marks to connections, every mark counts as asked for.
 *
 * @example
 * // `-A OUTPUT -j MARK --set-mark 1` in mangle, and no `ip rule add fwmark 1 …`
 * [{ family: 4, table: "mangle", chain: "OUTPUT", index: 1, rule: "-A OUTPUT -j MARK …", value: 1 }]
 */
export function findUnusedMarks(ruleset: Ruleset, { rules }: PolicyRouting): readonly UnusedMark[] {
  const { family } = ruleset;
  const targets = listRulesetTargets(ruleset);
  if (targets.some(copiesMark) || !targets.some((target) => marksSetBy(target).length > 0)) return [];
  const own = rules.filter((rule) => rule.family === family);
  // A rule that is not understood may ask for any mark.
  if (own.some(({ kind }) => kind === "unknown")) return [];
  const routed = own.flatMap((rule) => (rule.kind === "lookup" && rule.fwmark ? [rule.fwmark] : []));
  const chains = listActiveTables(ruleset).flatMap((table) => {
    const hooks = findHooks(table.chains);
    return table.chains.map((chain) => ({
      table: tablePlace(table),
      chain,
      hooks: hooks.get(chain.name) ?? new Set<Hook>(),
    }));
  });
  const asked = chains.flatMap(({ chain, hooks }) =>
    chain.rules.flatMap(listMatches).flatMap((match) => marksAsked(match).map((test) => ({ test, hooks }))),
  );
  const found = new Map<number, UnusedMark>();
  for (const { table, chain, hooks } of chains)
    for (const [i, rule] of chain.rules.entries())
      for (const set of marksSet(rule)) {
        const later = new Set([...hooks].flatMap((hook) => LATER[hook]));
        const isAsked =
          routed.some((test) => canMeet(set, test)) ||
          asked.some(({ test, hooks: at }) => (test.mask & set.mask) !== 0 && [...at].some((hook) => later.has(hook)));
        if (isAsked || hooks.size === 0 || found.has(set.value)) continue;
        const place = { family, ...table, chain: chain.name, index: i + 1, ...handlePlace(rule) };
        found.set(set.value, { ...place, rule: quoteRule(chain.name, rule, family), value: set.value });
      }
  return [...found.values()];
}

/** The hooks that a packet still comes by, the one it is at among them; a packet over `lo` comes in again, and is left aside. */
const LATER: Readonly<Record<Hook, readonly Hook[]>> = {
  prerouting: ["prerouting", "input", "forward", "postrouting"],
  input: ["input"],
  forward: ["forward", "postrouting"],
  output: ["output", "postrouting"],
  postrouting: ["postrouting"],
};

/** Gives the hooks from which packets come to each chain of a table. */
function findHooks(chains: readonly Chain[]): ReadonlyMap<string, ReadonlySet<Hook>> {
  const found = new Map(chains.map(({ name, base }) => [name, new Set<Hook>(base ? [base.hook] : [])]));
  const waiting = chains.filter(({ base }) => base !== null);
  const byName = chainsByName({ chains });
  for (const { name, rules } of waiting) {
    const hooks = found.get(name) ?? [];
    for (const next of new Set(rules.flatMap(listNextChains))) {
      const known = found.get(next);
      const chain = byName.get(next);
      const added = [...hooks].filter((hook) => known && !known.has(hook));
      for (const hook of added) known?.add(hook);
      // What a list gives is given what is added to it on the way, too.
      if (chain && added.length > 0) waiting.push(chain);
    }
  }
  return found;
}

function marksSet(rule: Rule): readonly MarkTest[] {
  return listTargets(rule).flatMap(marksSetBy);
}

/** A mark of 0 is a mark taken away, and without a mask bits are turned around that were set before. */
function marksSetBy(target: Target): readonly MarkTest[] {
  if (target.kind === "mark")
    return target.value === 0 || target.mask === 0 ? [] : [{ value: target.value, mask: target.mask }];
  if (target.kind === "tproxy") return target.mark.value === 0 || target.mark.mask === 0 ? [] : [target.mark];
  const isSet = target.kind === "assign" && target.to === "packet" && target.from === "value" && target.xor !== 0;
  return isSet ? [{ value: target.xor, mask: 0xffffffff }] : [];
}

function copiesMark(target: Target): boolean {
  if (target.kind === "assign") return target.to === "connection" && target.from === "packet";
  return target.kind === "connmark-save" || target.kind === "unknown";
}

function marksAsked(match: Match): readonly MarkTest[] {
  if (match.kind === "mark") return [{ value: match.value, mask: match.mask }];
  if (match.kind === "unknown") return [{ value: 0, mask: /\bmark\b/.test(match.text) ? 0xffffffff : 0 }];
  return match.kind === "compare" ? listAskedMarks(match) : [];
}

/** Says whether a packet with a mark that a rule has set can be one that is asked for. */
function canMeet(set: MarkTest, { value, mask }: MarkTest): boolean {
  const common = set.mask & mask;
  return common !== 0 && (set.value & common) >>> 0 === (value & common) >>> 0;
}
