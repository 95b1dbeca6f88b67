import { HOOKS, type Hook } from "../model/hook.ts";
import { type BaseChain, type Chain, listActiveTables, type Rule, type Ruleset, type Table } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import type { Verdict } from "../model/trace.ts";
import { listCandidates } from "./chain-index.ts";
import type { CompiledChain, CompiledRule, RuleVerdict } from "./compiled-chain.ts";
import { compileIdleMatch, isIdle } from "./idle-match.ts";
import { compileMatch } from "./match.ts";
import type { Packet } from "./packet.ts";
import type { Recorder } from "./recorder.ts";
import { compileTarget } from "./target.ts";
import { ACCEPT, type ChainVerdict, type Decision, DROP, UNDECIDED } from "./verdict.ts";

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
  const chains = new Map(
    table.chains.map(({ name, base }): [string, CompiledChain] => [
      name,
      { name, table, policy: base?.policy === "DROP" ? DROP : ACCEPT, rules: [] },
    ]),
  );
  const find = (name: string) => {
    const chain = chains.get(name);
    if (!chain) throw new Error(`a rule of table ${table.name} jumps to ${name}, which that table does not have`);
    return chain;
  };
  for (const { name, rules } of table.chains) {
    find(name).rules = rules.map((rule, i) => compileRule(rule, table, name, i + 1, find));
  }
  return table.chains.flatMap(({ name, base }) => (base ? [{ base, chain: find(name) }] : []));
}

function compileRule(
  rule: Rule,
  table: Table,
  chain: string,
  index: number,
  find: (name: string) => CompiledChain,
): CompiledRule {
  const matches = rule.matches.filter((match) => match.kind !== "comment");
  return {
    table,
    chain,
    index,
    rule,
    matches,
    tests: matches.map(isIdle(rule) ? compileIdleMatch : compileMatch),
    act: compileTarget(rule.target, find),
  };
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
  const rules = recorder?.passOver ? chain.rules : listCandidates(chain, packet);
  for (const rule of rules) {
    const verdict = runRule(hook, rule, packet, recorder);
    if (verdict === null || verdict.kind === "continue") continue;
    if (verdict.kind === "return") return UNDECIDED;
    if (verdict.kind === "goto") return runChain(hook, verdict.chain, packet, recorder);
    if (verdict.kind !== "jump") return verdict;
    const inner = runChain(hook, verdict.chain, packet, recorder);
    if (inner.kind !== "undecided") return inner;
  }
  return UNDECIDED;
}

/** Gives the rule's verdict, or null where it does not match. */
function runRule(
  hook: Hook,
  rule: CompiledRule,
  packet: Packet,
  recorder: Recorder | null,
): Exclude<RuleVerdict, { kind: "break" }> | null {
  for (let i = 0; i < rule.tests.length; i++) {
    if (rule.tests[i]?.(packet)) continue;
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

/** Gives a verdict's name as traces show it; targets of NAT, TPROXY and NOTRACK are named by what they are. */
function nameVerdict(rule: CompiledRule, verdict: Exclude<RuleVerdict, { kind: "break" }>): Verdict {
  const target = rule.rule.target && lastTarget(rule.rule.target);
  const name = target && VERDICT_NAMES[target.kind];
  if (name === "unknown") return name;
  return name === null || verdict.kind === "drop" || verdict.kind === "reject" ? verdict.kind : name;
}

/** A rule of several statements is named by the last: those before it let the packet go on. */
function lastTarget(target: Target): Target {
  const last = target.kind === "statements" ? target.statements.findLast((part) => "target" in part) : undefined;
  return last === undefined ? target : lastTarget(last.target);
}

/** Names that say more than the verdict does; null where the verdict's own name is all there is to say. */
const VERDICT_NAMES = {
  accept: null,
  drop: null,
  return: null,
  jump: null,
  goto: null,
  redirect: "redirect",
  dnat: "dnat",
  snat: "snat",
  masquerade: "snat",
  tproxy: "tproxy",
  mark: null,
  "connmark-set": null,
  "connmark-save": null,
  "connmark-restore": null,
  notrack: "notrack",
  track: null,
  zone: null,
  log: null,
  reject: null,
  "hop-limit": null,
  tee: null,
  "side-effect": null,
  statements: null,
  map: null,
  assign: null,
  "tproxy-socket": "tproxy",
  counter: null,
  continue: null,
  unknown: "unknown",
} satisfies Record<Target["kind"], Verdict | null>;
