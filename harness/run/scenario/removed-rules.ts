import { renderRule } from "../../formats/rule-text.ts";
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import { type Chain, familyKey, type PodRules, type Ruleset } from "../../model/ruleset.ts";
import type { Scenario } from "../../model/scenario.ts";

/** One rule to be taken out, as a scenario names it. */
export type RemovedRule = NonNullable<Scenario["without"]>[number];

/**
 * Takes rules out of rule sets; each is taken out once. A finding for each that is not there, at its place (`[1].rule`), naming those of
 * its chain that are, or of its table where that has no such chain.
 */
export function removeRules(rules: PodRules, removed: readonly RemovedRule[]): Parsed<PodRules> {
  const findings: Finding[] = [];
  const removeFrom = (ruleset: Ruleset | null, each: RemovedRule, at: number): Ruleset | null => {
    const table = ruleset?.tables.find(({ name }) => name === each.table);
    const chain = table?.chains.find((candidate) => findRule(candidate, each) >= 0);
    if (!ruleset || !table || !chain) {
      findings.push(codedFinding("rule-fault", `[${at}].rule`, describeAbsence(ruleset, each)));
      return ruleset;
    }
    const index = findRule(chain, each);
    const shorter = { ...chain, rules: chain.rules.filter((_, i) => i !== index) };
    const chains = table.chains.map((candidate) => (candidate === chain ? shorter : candidate));
    return { ...ruleset, tables: ruleset.tables.map((other) => (other === table ? { ...table, chains } : other)) };
  };
  const left = { ip: rules.ip, ip6: rules.ip6 };
  for (const [at, each] of removed.entries()) {
    const family = familyKey(each.family);
    left[family] = removeFrom(left[family], each, at);
  }
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: { ...rules, ...left } };
}

function findRule(chain: Chain, { family, rule }: RemovedRule): number {
  return chain.rules.findIndex((candidate) => renderRule(chain.name, candidate, family) === rule);
}

function describeAbsence(ruleset: Ruleset | null, { family, table, rule }: RemovedRule): string {
  const chains = ruleset?.tables.find(({ name }) => name === table)?.chains ?? [];
  const ofChain = chains.filter(({ name, rules }) => rule.startsWith(`-A ${name} `) && rules.length > 0);
  const [where, looked] = ofChain.length > 0 ? ["that chain", ofChain] : ["that table", chains];
  const present = looked.flatMap((chain) => chain.rules.map((each) => `"${renderRule(chain.name, each, family)}"`));
  const there = present.length > 0 ? `${where} has ${present.join(", ")}` : "that table has no rules";
  return `"${rule}" is not among the IPv${family} rules of the table ${table}; ${there}.`;
}
