import { type Chain, familyKey, type PodRules, type Rule, type Ruleset, type Table } from "../model/ruleset.ts";
import { renderRule } from "./rule-text.ts";

/**
 * Gives rules that the kernel has printed with the texts of those that were put in, so that reports quote a rule as its file has it. A rule
 * that is not the one put in there, or that the kernel prints in another way than landfall expects, keeps the kernel's own text.
 */
export function carryTexts(printed: Ruleset, written: Pick<PodRules, "ip" | "ip6"> | null): Ruleset {
  const source = written?.[familyKey(printed.family)];
  if (!source) return printed;
  const carryTable = (table: Table): Table => {
    const same = source.tables.find(({ name }) => name === table.name);
    return same ? { ...table, chains: table.chains.map((chain) => carryChain(chain, same, printed)) } : table;
  };
  return { ...printed, tables: printed.tables.map(carryTable) };
}

function carryChain(chain: Chain, source: Table, { family }: Ruleset): Chain {
  const same = source.chains.find(({ name }) => name === chain.name);
  const show = (rule: Rule) => renderRule(chain.name, rule, family);
  const rules = chain.rules.map((rule, i): Rule => {
    const own = same?.rules[i];
    if (own?.text === undefined || show(own) !== show(rule)) return rule;
    return { ...rule, text: own.text, ...(own.line === undefined ? {} : { line: own.line }) };
  });
  return { ...chain, rules };
}
