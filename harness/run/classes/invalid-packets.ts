import type { Family } from "../../model/address.ts";
import { type CompareElement, type CompareMatch, STATE_BITS } from "../../model/compare.ts";
import type { Match } from "../../model/match.ts";
import { listMatches, replaceMatches } from "../../model/rule-parts.ts";
import type { Chain, PodRules, Rule, Ruleset, Table } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";

/**
 * Gives rules in which every match that asks whether a packet is INVALID may hold or not: no flow makes such a packet on purpose, and any
 * may have one. In the families of which a contract says that such packets are dropped, rules that drop them, and do nothing else, stay as
 * they are.
 *
 * @example
 * doubtInvalid(rules, [4])   // -A PREROUTING -m conntrack --ctstate INVALID -j DROP stays; with -j REJECT it is doubted
 */
export function doubtInvalid(rules: PodRules, dropped: readonly Family[]): PodRules {
  return changeRules(rules, (rule, { chains }, family) => {
    if (!listMatches(rule).some(asksForInvalid)) return rule;
    return dropped.includes(family) && dropsInvalid(rule, chains) ? rule : replaceMatches(rule, doubtMatch);
  });
}

/**
 * Gives rules as they treat packets of which each is INVALID: what asks for that, not negated, holds. A flow that reaches a listener under
 * them has INVALID packets that nothing drops.
 *
 * @example
 * assumeInvalid(rules)   // -A PREROUTING -m conntrack --ctstate INVALID -j DROP drops every packet
 */
export function assumeInvalid(rules: PodRules): PodRules {
  return changeRules(rules, (rule) => replaceMatches(rule, assumeMatch));
}

/** Changes every rule that an INVALID packet may come to: none comes to nat (nf_nat_inet_fn in net/netfilter/nf_nat_core.c). */
function changeRules(rules: PodRules, change: (rule: Rule, table: Table, family: Family) => Rule): PodRules {
  const changeTable = (table: Table, family: Family): Table => ({
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: chain.rules.map((rule) => change(rule, table, family)) })),
  });
  const changeRuleset = (ruleset: Ruleset | null) =>
    ruleset && {
      ...ruleset,
      tables: ruleset.tables.map((table) => (table.name === "nat" ? table : changeTable(table, ruleset.family))),
    };
  return { ...rules, ip: changeRuleset(rules.ip), ip6: changeRuleset(rules.ip6) };
}

/** Says whether a rule drops every packet that meets it, and meets none for not being INVALID. */
function dropsInvalid({ matches, target }: Rule, chains: readonly Chain[]): boolean {
  const asks = matches.filter(asksForInvalid);
  return asks.length > 0 && asks.every(isPlain) && target !== null && dropsAll(target, chains);
}

/** Says whether a match that asks for INVALID holds for every packet that is. */
function isPlain(match: Match): boolean {
  if (match.kind === "state") return !match.negated;
  return match.kind === "compare" && ["==", "any-bit"].includes(match.operator) && match.set === null;
}

/** A chain drops all if its first rule does; a counter before it changes nothing. */
function dropsAll(target: Target, chains: readonly Chain[], within: readonly string[] = []): boolean {
  if (target.kind === "statements")
    return target.statements.every(
      (statement, i, { length }) =>
        "target" in statement &&
        (i === length - 1 ? dropsAll(statement.target, chains, within) : statement.target.kind === "counter"),
    );
  if (target.kind !== "jump" && target.kind !== "goto") return target.kind === "drop";
  const [first] = chains.find(({ name }) => name === target.chain)?.rules ?? [];
  if (first?.target == null || first.matches.length > 0 || within.includes(target.chain)) return false;
  return dropsAll(first.target, chains, [...within, target.chain]);
}

function asksForInvalid(match: Match): boolean {
  if (match.kind === "state") return match.states.includes("INVALID");
  return match.kind === "compare" && asksForState(match, STATE_BITS.invalid);
}

/** Says whether a comparison of `ct state` comes out otherwise for a packet in a state. */
function asksForState({ keys, elements }: CompareMatch, bit: number): boolean {
  return keys.some(({ name }, i) => {
    const asks = (range: CompareElement[number] | undefined) =>
      range !== undefined && "first" in range && (range.first & BigInt(bit)) !== 0n;
    return name === "ct state" && elements.some((element) => asks(element[i]));
  });
}

function doubtMatch(match: Match): Match {
  return asksForInvalid(match) ? { kind: "unknown", text: "whether a packet is INVALID" } : match;
}

function assumeMatch(match: Match): Match {
  return asksForInvalid(match) && isPlain(match) ? { kind: "comment", text: "INVALID" } : match;
}
