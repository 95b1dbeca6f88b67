import fc from "fast-check";
import type { Family } from "../../harness/model/address.ts";
import {
  BUILT_IN_CHAINS,
  findBase,
  makeIptablesTable,
  TABLE_NAMES,
  type TableName,
} from "../../harness/model/iptables-tables.ts";
import type { Chain, Rule, Ruleset, Table } from "../../harness/model/ruleset.ts";
import { arbitraryMatches, type RulePosition, type Vocabulary } from "./arbitrary-rule.ts";
import { arbitraryTarget, arbitraryTcpmssRule } from "./arbitrary-target.ts";
import { madeOnce } from "./made-once.ts";

/** What rule sets to make. */
export interface RulesetShape {
  readonly family: Family;
  readonly vocabulary: Vocabulary;
  /** Names of targets that are not drawn, as a kernel that has no module for them asks for. */
  readonly without?: readonly string[];
  /** Rules in one chain at the most. */
  readonly rulesAtMost?: number;
}

const COUNTERS = { packets: 0, bytes: 0 };
/** User-defined chains below each built-in one. A chain goes only to those after it, so there are no loops. */
const CHAINS_BELOW = 2;

/**
 * Gives rule sets that the kernel takes as they are, over all tables and the whole vocabulary: matches and targets stand only where they
 * are valid, values lie at the boundaries where rules turn (loopback, the pod's own addresses, proxy ports, owners and their
 * neighbours). Chains and matches have the order in which iptables prints them.
 */
export function arbitraryRuleset(shape: RulesetShape): fc.Arbitrary<Ruleset> {
  const tables = fc.subarray([...TABLE_NAMES], { minLength: 1 });
  const tableOf = madeOnce((name: TableName) => arbitraryTable(name, shape));
  return tables.chain((names) =>
    fc.tuple(...names.map(tableOf)).map((made) => ({ family: shape.family, tables: made })),
  );
}

function arbitraryTable(name: TableName, shape: RulesetShape): fc.Arbitrary<Table> {
  const builtIn = BUILT_IN_CHAINS[name].map((hook) => arbitraryChain(name, hook, 0, shape));
  const others = BUILT_IN_CHAINS[name].flatMap((hook) =>
    Array.from({ length: CHAINS_BELOW }, (_, i) => arbitraryChain(name, hook, i + 1, shape)),
  );
  return fc
    .tuple(fc.tuple(...builtIn), fc.tuple(...others))
    .map(([first, rest]) =>
      makeIptablesTable(name, shape.family, [...first, ...rest.toSorted((a, b) => (a.name < b.name ? -1 : 1))]),
    );
}

function chainName(hook: string, depth: number): string {
  return depth === 0 ? hook : `${hook}_${depth}`;
}

function arbitraryChain(table: TableName, hook: string, depth: number, shape: RulesetShape): fc.Arbitrary<Chain> {
  const policies = table === "filter" ? (["ACCEPT", "ACCEPT", "ACCEPT", "DROP"] as const) : (["ACCEPT"] as const);
  const rules = fc.array(arbitraryRule(table, hook, depth, shape), { maxLength: shape.rulesAtMost ?? 5 });
  return fc.tuple(rules, fc.constantFrom(...policies)).map(([made, policy]) => ({
    name: chainName(hook, depth),
    base: depth === 0 ? findBase(table, hook, policy) : null,
    rules: made,
    counters: COUNTERS,
  }));
}

function chainsBelow(hook: string, depth: number): readonly string[] {
  return Array.from({ length: CHAINS_BELOW - depth }, (_, i) => chainName(hook, depth + i + 1));
}

function arbitraryRule(table: TableName, hook: string, depth: number, shape: RulesetShape): fc.Arbitrary<Rule> {
  const position: RulePosition = { without: [], ...shape, hook };
  const below = chainsBelow(hook, depth);
  const targetOf = madeOnce((protocol: string | null) => arbitraryTarget({ ...position, table, below, protocol }));
  const plain = arbitraryMatches(position).chain(({ protocol, matches }) =>
    targetOf(protocol).map((target) => ({ matches, target })),
  );
  if (position.without.includes("TCPMSS")) return plain;
  return fc.oneof({ weight: 30, arbitrary: plain }, { weight: 1, arbitrary: arbitraryTcpmssRule(position) });
}
