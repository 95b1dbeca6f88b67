import { checkNftTable } from "../../formats/nft/check.ts";
import { renderNftRule } from "../../formats/nft/quote.ts";
import { renderLoopbackAddress, renderRoutingRule, renderTableRoute } from "../../formats/routing-words.ts";
import { quoteRule, renderRule } from "../../formats/rule-text.ts";
import { checkRuleset } from "../../formats/ruleset-check.ts";
import { type Family, familyOf } from "../../model/address.ts";
import type { PolicyRouting } from "../../model/policy-routing.ts";
import { listTargets } from "../../model/rule-parts.ts";
import { type Chain, familyKey, type PodRules, type Rule, type Ruleset, type Table } from "../../model/ruleset.ts";
import { rewritingOf } from "../diagrams/target-effects.ts";
import { editRule } from "./rule-edits.ts";
import type { TargetContext } from "./target-edits.ts";

/** One deliberate defect of a pod's rules. */
export interface Mutant {
  /** What was done, in one line: `ip nat: delete -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN`. */
  readonly name: string;
  /** The family that is broken; the other one is as it was. */
  readonly family: Family;
  readonly rules: PodRules;
}

/** A chain with one thing changed, and the words for it. */
interface ChainEdit {
  readonly what: string;
  readonly chain: Chain;
}

/**
 * Gives every mutant of a pod's rules: each rule deleted, duplicated, moved, negated and changed in each of its values at its boundaries,
 * each policy turned to DROP (not in nat, which is not for filtering), each line of policy routing taken away. What the kernel would not
 * load is left out. The order is that of the rules. Edits of one chain that come out alike, or as the chain was, come once or not at all.
 *
 * @example
 * makeMutants(rules)[0]
 * // { name: "ip nat: delete -A PREROUTING -p tcp -j ISTIO_INBOUND", family: 4, rules: { ip: …, ip6: …, policyRouting: … } }
 */
export function makeMutants(rules: PodRules): readonly Mutant[] {
  const rulesets = [rules.ip, rules.ip6].filter((ruleset) => ruleset !== null);
  return [...rulesets.flatMap((ruleset) => mutateRuleset(rules, ruleset)), ...mutateRouting(rules)];
}

function mutateRuleset(rules: PodRules, ruleset: Ruleset): readonly Mutant[] {
  const { family } = ruleset;
  const side = familyKey(family);
  const redirectPorts = [...new Set(ruleset.tables.flatMap(portsOf))];
  return ruleset.tables.flatMap((table) =>
    table.chains.flatMap((chain) => {
      const { where, ...show } = showIn(table, chain.name, family);
      return editChain(chain, family, { table, chain: chain.name, redirectPorts }, show)
        .map((edit) => ({ what: edit.what, changed: putChain(table, edit.chain) }))
        .filter(({ changed }) => isLoadable(changed, family))
        .map(({ what, changed }) => ({
          name: `${where}: ${what}`,
          family,
          rules: { ...rules, [side]: { family, tables: ruleset.tables.with(ruleset.tables.indexOf(table), changed) } },
        }));
    }),
  );
}

/** Of each of the two languages its own tool and the kernel say what they take. */
function isLoadable(table: Table, family: Family): boolean {
  if (table.source === "nft") return checkNftTable(table).length === 0;
  return checkRuleset({ family, tables: [table] }, familyKey(family)).length === 0;
}

/** How a mutant names a rule: as its file has it, and for those it makes, as the tool of its table prints them. */
interface Show {
  readonly quote: (rule: Rule) => string;
  readonly print: (rule: Rule) => string;
}

/** A chain of a table for both families is broken for one family after the other, and the name says for which. */
function showIn(table: Table, chain: string, family: Family): Show & { readonly where: string } {
  if (table.source === "nft") {
    const where = `${table.family} ${table.name} ${chain}${table.family === "inet" ? ` (IPv${family})` : ""}`;
    return { where, quote: (rule) => rule.text ?? renderNftRule(rule), print: renderNftRule };
  }
  return {
    where: `${familyKey(family)} ${table.name}`,
    quote: (rule) => quoteRule(chain, rule, family),
    print: (rule) => renderRule(chain, rule, family),
  };
}

function editChain(chain: Chain, family: Family, context: TargetContext, { quote, print }: Show): readonly ChainEdit[] {
  const edits = chain.rules.flatMap((rule, i) => [
    { what: `delete ${quote(rule)}`, rules: chain.rules.toSpliced(i, 1) },
    { what: `duplicate ${quote(rule)}`, rules: chain.rules.toSpliced(i, 0, rule) },
    ...[0, i - 1, i + 1, chain.rules.length - 1]
      .filter((to) => 0 <= to && to < chain.rules.length)
      .map((to) => ({
        what: `move ${quote(rule)} to ${to + 1}`,
        rules: chain.rules.toSpliced(i, 1).toSpliced(to, 0, rule),
      })),
    ...editRule(rule, family, context).map((edited) => ({
      what: `change ${quote(rule)} to ${print(edited)}`,
      rules: chain.rules.with(i, edited),
    })),
  ]);
  const textOf = (rules: readonly Rule[]) => rules.map(print).join("\n");
  const seen = new Set([textOf(chain.rules)]);
  const distinct = edits.filter(({ rules }) => !seen.has(textOf(rules)) && seen.add(textOf(rules)));
  return [...editPolicy(chain), ...distinct.map(({ what, rules }) => ({ what, chain: { ...chain, rules } }))];
}

function editPolicy(chain: Chain): readonly ChainEdit[] {
  const { base } = chain;
  if (base === null || base.type === "nat") return [];
  const policy = base.policy === "ACCEPT" ? "DROP" : "ACCEPT";
  return [{ what: `policy of ${chain.name} ${policy}`, chain: { ...chain, base: { ...base, policy } } }];
}

function putChain(table: Table, changed: Chain): Table {
  return { ...table, chains: table.chains.map((chain) => (chain.name === changed.name ? changed : chain)) };
}

function portsOf(table: Table): readonly number[] {
  return table.chains.flatMap(({ rules }) =>
    rules.flatMap(listTargets).flatMap((target) => {
      if (target.kind === "tproxy") return [target.port];
      if (target.kind === "tproxy-socket") return target.port ?? [];
      const rewriting = rewritingOf(target);
      return rewriting?.addresses === "local" && rewriting.ports !== null ? [rewriting.ports.first] : [];
    }),
  );
}

function mutateRouting(rules: PodRules): readonly Mutant[] {
  const { policyRouting: routing } = rules;
  const without = (what: string, family: Family, policyRouting: PolicyRouting): Mutant => ({
    ...{ name: `delete ${what}`, family, rules: { ...rules, policyRouting } },
  });
  const option = (family: Family) => (family === 6 ? "-6 " : "");
  return [
    ...routing.rules.map((rule, i) =>
      without(`ip ${option(rule.family)}rule ${renderRoutingRule(rule)}`, rule.family, {
        ...{ ...routing, rules: routing.rules.toSpliced(i, 1) },
      }),
    ),
    ...routing.routes.map((route, i) =>
      without(`ip ${option(route.family)}route ${renderTableRoute(route)}`, route.family, {
        ...{ ...routing, routes: routing.routes.toSpliced(i, 1) },
      }),
    ),
    ...routing.addresses.map((one, i) =>
      without(`ip address ${renderLoopbackAddress(one)}`, familyOf(one.address), {
        ...{ ...routing, addresses: routing.addresses.toSpliced(i, 1) },
      }),
    ),
  ];
}
