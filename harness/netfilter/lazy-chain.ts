import type { Match } from "../model/match.ts";
import type { Chain, Rule, Table } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import type { Action, CompiledChain, CompiledRule, Test } from "./compiled-chain.ts";
import { compileIdleMatch, isIdle } from "./idle-match.ts";
import { compileMatch } from "./match.ts";
import { ACCEPT, type Decision, DROP } from "./verdict.ts";

/** A chain whose rules are made when a packet comes to it first: of thousands of chains, packets come to a few. */
export class LazyChain implements CompiledChain {
  #rules: readonly CompiledRule[] | null = null;
  readonly name: string;
  readonly table: Table;
  readonly policy: Decision;
  readonly chain: Chain;
  readonly actOf: (target: Target | null) => Action;
  constructor(chain: Chain, table: Table, actOf: (target: Target | null) => Action) {
    this.name = chain.name;
    this.table = table;
    this.policy = chain.base?.policy === "DROP" ? DROP : ACCEPT;
    this.chain = chain;
    this.actOf = actOf;
  }
  get rules(): readonly CompiledRule[] {
    this.#rules ??= this.chain.rules.map((rule, i) =>
      compileRule(rule, this.table, this.name, i + 1, this.actOf(rule.target)),
    );
    return this.#rules;
  }
}

function compileRule(rule: Rule, table: Table, chain: string, index: number, act: Action): CompiledRule {
  const isSilent = rule.matches.some(({ kind }) => kind === "comment");
  const matches = isSilent ? rule.matches.filter(({ kind }) => kind !== "comment") : rule.matches;
  return new LazyRule({ table, chain, index, rule, matches, act });
}

/** A rule whose tests are made when a packet is shown to it first: of many rules, packets are shown to a few. */
class LazyRule implements CompiledRule {
  #tests: readonly Test[] | null = null;
  readonly table: Table;
  readonly chain: string;
  readonly index: number;
  readonly rule: Rule;
  readonly matches: readonly Match[];
  readonly act: Action;
  constructor({ table, chain, index, rule, matches, act }: Omit<CompiledRule, "tests"> & { readonly table: Table }) {
    this.table = table;
    this.chain = chain;
    this.index = index;
    this.rule = rule;
    this.matches = matches;
    this.act = act;
  }
  get tests(): readonly Test[] {
    this.#tests ??= this.matches.map(isIdle(this.rule) ? compileIdleMatch : compileMatch);
    return this.#tests;
  }
}
