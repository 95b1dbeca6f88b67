import { HOOKS, type Hook } from "../model/hook.ts";
import { listTableTargets } from "../model/rule-parts.ts";
import {
  type BaseChain,
  type Chain,
  chainsByName,
  listActiveTables,
  type Rule,
  type Ruleset,
  type Table,
} from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import { listCandidates } from "./chain-index.ts";
import type { Action, CompiledChain, CompiledRule, RuleVerdict } from "./compiled-chain.ts";
import { LazyChain } from "./lazy-chain.ts";
import type { Packet } from "./packet.ts";
import type { Recorder } from "./recorder.ts";
import { compileTarget } from "./target.ts";
import { type ChainVerdict, type Decision, UNDECIDED } from "./verdict.ts";
import { nameVerdict } from "./verdict-names.ts";

/** A chain that the kernel calls by itself, ready to run. */
export interface CompiledBaseChain {
  readonly base: BaseChain;
  readonly chain: CompiledChain;
  /** Counts the base chains of the rule set from 0 in the order in which they were registered. */
  readonly loaded: number;
}

/** The base chains of one family by hook, in the order in which the kernel calls them. */
export type CompiledHooks = Readonly<Record<Hook, readonly CompiledBaseChain[]>>;

/**
 * Compiles every table of a rule set and puts their base chains in the kernel's order: by priority, and at equal priority the one that was
 * registered last first (nf_hook_entries_grow in net/netfilter/core.c inserts before its equals). A table that says nothing is left out:
 * packets need not be shown to it.
 */
export function compileRuleset(ruleset: Ruleset | null): CompiledHooks {
  const tables = listActiveTables(ruleset).map(findCompiled);
  const chains = tables
    .flat()
    .map((each, loaded) => ({ ...each, loaded }))
    .toReversed();
  const at = (hook: Hook) =>
    chains.filter(({ base }) => base.hook === hook).toSorted((a, b) => a.base.priority - b.base.priority);
  return Object.fromEntries(HOOKS.map((hook) => [hook, at(hook)])) as unknown as CompiledHooks;
}

/**
 * Gives when conntrack's own hooks were registered, as {@link CompiledBaseChain} counts it: with the first table that has a rule which
 * needs them, behind that table's chains (nft adds the chains of a table before its rules).
 */
export function findTrackingOrder(ruleset: Ruleset | null, needsTracking: (rule: Rule) => boolean): number {
  let chains = 0;
  for (const table of listActiveTables(ruleset)) {
    if (!table.chains.some(saysSomething)) continue;
    chains += table.chains.filter(({ base }) => base !== null).length;
    if (table.chains.some(({ rules }) => rules.some(needsTracking))) return chains - 0.5;
  }
  return -1;
}

function saysSomething({ base, rules }: Chain): boolean {
  return base !== null && (base.policy === "DROP" || rules.length > 0);
}

/** Tables as they run. They hold no state, and the same ones are asked for with each pod, lane and mutant. */
const COMPILED = new WeakMap<Table, readonly Omit<CompiledBaseChain, "loaded">[]>();

function findCompiled(table: Table): readonly Omit<CompiledBaseChain, "loaded">[] {
  const known = COMPILED.get(table);
  if (known !== undefined) return known;
  const made = table.chains.some(saysSomething) ? compileTable(table) : [];
  COMPILED.set(table, made);
  return made;
}

function compileTable(table: Table): readonly Omit<CompiledBaseChain, "loaded">[] {
  const chains = new Map<string, CompiledChain>();
  const find = (name: string) => {
    const known = chains.get(name);
    if (known !== undefined) return known;
    const made = new LazyChain(findChain(name, table), table, actOf);
    chains.set(name, made);
    return made;
  };
  const acts = new Map<Target | null, Action>();
  const actOf = (target: Target | null) => {
    const act = acts.get(target) ?? compileTarget(target, find);
    acts.set(target, act);
    return act;
  };
  // The kernel would have none of a table whose rules lead nowhere, whether a packet comes there or not.
  for (const target of listTableTargets(table))
    if (target.kind === "jump" || target.kind === "goto") findChain(target.chain, table);
  return table.chains.flatMap(({ name, base }) => (base ? [{ base, chain: find(name) }] : []));
}

function findChain(name: string, table: Table): Chain {
  const chain = chainsByName(table).get(name);
  if (!chain) throw new Error(`a rule of table ${table.name} jumps to ${name}, which that table does not have`);
  return chain;
}

/** Shows a packet to a base chain: what its rules decide, or else its policy. */
export function runBaseChain(hook: Hook, chain: CompiledChain, packet: Packet, recorder: Recorder | null): Decision {
  const verdict = runChain(hook, chain, packet, recorder);
  if (verdict.kind !== "undecided") return verdict;
  recorder?.policy(hook, chain, packet);
  return chain.policy;
}

/** What comes out of `goto` undecided is undecided for the chain that said goto: it goes on at that chain's caller. */
function runChain(hook: Hook, chain: CompiledChain, packet: Packet, recorder: Recorder | null): ChainVerdict {
  // An address that the kernel chooses is a question, which is asked where a rule is tried.
  const isPassedBy = recorder?.passBy && packet.source.last === packet.source.value;
  const rules = recorder?.passOver && !isPassedBy ? chain.rules : listCandidates(chain, packet);
  let next = 0;
  const passBy = (until: number) => {
    if (next < until) recorder?.passBy?.(hook, chain.rules.slice(next, until), packet);
    next = until + 1;
  };
  for (const rule of rules) {
    passBy(rule.index - 1);
    const verdict = runRule(hook, rule, packet, recorder);
    if (verdict === null || verdict.kind === "continue") continue;
    if (verdict.kind === "return") return UNDECIDED;
    if (verdict.kind === "goto") return runChain(hook, verdict.chain, packet, recorder);
    if (verdict.kind !== "jump") return verdict;
    const inner = runChain(hook, verdict.chain, packet, recorder);
    if (inner.kind !== "undecided") return inner;
  }
  passBy(chain.rules.length);
  return UNDECIDED;
}

/** Gives the rule's verdict, or null where it does not match. */
function runRule(
  hook: Hook,
  rule: CompiledRule,
  packet: Packet,
  recorder: Recorder | null,
): Exclude<RuleVerdict, { kind: "break" }> | null {
  const { tests } = rule;
  for (let i = 0; i < tests.length; i++) {
    if (tests[i]?.(packet)) continue;
    recorder?.passOver?.(hook, rule, packet, rule.matches[i]);
    return null;
  }
  const verdict = rule.act(packet);
  if (verdict.kind === "break") {
    recorder?.passOver?.(hook, rule, packet, verdict.failed);
    return null;
  }
  recorder?.take(hook, rule, packet, nameVerdict(rule, verdict));
  return verdict;
}
