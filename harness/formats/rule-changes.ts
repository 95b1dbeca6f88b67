import type { Family } from "../model/address.ts";
import { BUILT_IN_CHAINS, type TableName } from "../model/iptables-tables.ts";
import type { NameLookups } from "../model/name-lookups.ts";
import type { Counters, Rule } from "../model/ruleset.ts";
import { nextChain } from "./chain-graph.ts";
import type { CommandWords } from "./command-words.ts";
import { findRule, type OpenChain, rulesOf } from "./open-tables.ts";
import { readRule } from "./rule-text.ts";

/** Takes a finding of the line that is read; the column counts from 1, null where it is not known. */
export type Tell = (column: number | null, message: string) => void;

/** What a command that changes rules is carried out with. */
export interface CommandContext {
  readonly family: Family;
  readonly names: NameLookups;
  /** Counted from 1. */
  readonly line: number;
  readonly tell: Tell;
  /** The line as rules are quoted: without what stands before and behind it, and without counters. */
  readonly text: string;
  /** What the line counted, written before its command. */
  readonly counters?: Counters | null;
  /** Takes note of each rule that is made, and of where its target stands, from 1; null without a target. */
  readonly keep?: (rule: Rule, targetColumn: number | null) => void;
  /** Whether deleting what is not there is wrong, or changes nothing and is told as a notice. */
  readonly absent: "finding" | Tell;
}

/** Carries out -A, -I, -R, -D or -C on one chain; tells what is wrong through `context.tell`, and then changes nothing. */
export function changeRules(
  command: CommandWords,
  chain: OpenChain,
  chains: ReadonlyMap<string, OpenChain>,
  context: CommandContext,
): void {
  const { letter, number, column } = command;
  const tellAbsent = context.absent === "finding" ? context.tell : context.absent;
  if (letter === "D" && number !== null) {
    tellFault(removeAt(chain, number), column, tellAbsent);
    return;
  }
  const rules = readRules(command, chains, context);
  if (rules === null) return;
  if (letter === "A") chain.rules.push(...rules);
  else if (letter === "I") tellFault(insertAt(chain, number ?? 1, rules), column, context.tell);
  else if (letter === "R") tellFault(replaceAt(chain, number, rules), column, context.tell);
  else for (const rule of rules) tellFault(removeOrCheck(chain, rule, letter, context.family), column, tellAbsent);
}

function tellFault(fault: string | null, column: number, tell: Tell): void {
  if (fault !== null) tell(column, fault);
}

/** Gives the rules that a command names, or null where something is wrong with them, which is told. */
function readRules(
  { table, rule: words }: CommandWords,
  chains: ReadonlyMap<string, OpenChain>,
  { family, names, line, tell, text, counters, keep }: CommandContext,
): readonly Rule[] | null {
  const hasChain = (name: string) => chains.has(name) && !BUILT_IN_CHAINS[table].includes(name);
  const { rules, faults, targetColumn } = readRule(words, { family, names, hasChain });
  for (const fault of faults) tell(fault.column, fault.message);
  const lost = rules.map(nextChain).find((name) => name !== null && !hasChain(name)) ?? null;
  if (lost !== null) tell(targetColumn, describeLost(lost, table));
  if (faults.length > 0 || lost !== null) return null;
  const placed = rules.map((rule): Rule => ({ ...rule, ...(counters ? { counters } : {}), line, text }));
  for (const rule of placed) keep?.(rule, targetColumn);
  return placed;
}

function describeLost(name: string, table: TableName): string {
  if (BUILT_IN_CHAINS[table].includes(name))
    return `${name} is a built-in chain, and rules cannot jump to built-in chains.`;
  return `${name} is neither a target nor an existing chain of the table ${table}; create the chain first with -N.`;
}

function removeAt(chain: OpenChain, number: number): string | null {
  if (number < 1 || number > lengthOf(chain))
    return `The chain ${chain.name} has no rule ${number}; it has ${lengthOf(chain)}.`;
  rulesOf(chain).splice(number - 1, 1);
  return null;
}

/** Each rule goes to the same place, so the last ends up first. */
function insertAt(chain: OpenChain, number: number, rules: readonly Rule[]): string | null {
  if (number < 1 || number > lengthOf(chain) + 1)
    return `The chain ${chain.name} has no position ${number}; it has ${lengthOf(chain)} rules.`;
  if (number === 1) for (const rule of rules) chain.inserted.push(rule);
  else rulesOf(chain).splice(number - 1, 0, ...rules.toReversed());
  return null;
}

function replaceAt(chain: OpenChain, number: number | null, rules: readonly Rule[]): string | null {
  if (number === null || number < 1 || number > lengthOf(chain))
    return `-R needs the number of a rule of ${chain.name}, which has ${lengthOf(chain)}.`;
  const [rule, ...others] = rules;
  if (!rule || others.length > 0)
    return "-R replaces one rule with one rule, but several addresses make several rules.";
  rulesOf(chain).splice(number - 1, 1, rule);
  return null;
}

function removeOrCheck(chain: OpenChain, rule: Rule, letter: string, family: Family): string | null {
  const index = findRule(chain, rule, family);
  if (index < 0) return `The chain ${chain.name} has no such rule.`;
  if (letter === "D") rulesOf(chain).splice(index, 1);
  return null;
}

function lengthOf({ inserted, rules }: OpenChain): number {
  return inserted.length + rules.length;
}
