import type { Family } from "../model/address.ts";
import { BUILT_IN_CHAINS } from "../model/iptables-tables.ts";
import type { NameLookups } from "../model/name-lookups.ts";
import type { Rule } from "../model/ruleset.ts";
import type { CommandWords } from "./command-words.ts";
import { findRule, type OpenChain } from "./open-tables.ts";
import { readRule } from "./rule-text.ts";
import { nextChain } from "./ruleset-check.ts";

/** Takes a finding of the line that is read; the column counts from 1, null where it is not known. */
export type Tell = (column: number | null, message: string) => void;

/** What a command that changes rules is carried out with. */
export interface CommandContext {
  readonly family: Family;
  readonly names: NameLookups;
  /** Counted from 1. */
  readonly line: number;
  readonly tell: Tell;
}

/** Does what -A, -I, -R, -D and -C do to one chain; what is wrong is told, and then nothing is done. */
export function changeRules(
  command: CommandWords,
  chain: OpenChain,
  chains: ReadonlyMap<string, OpenChain>,
  context: CommandContext,
): void {
  const { letter, number, column } = command;
  if (letter === "D" && number !== null) {
    tellFault(removeAt(chain, number), column, context);
    return;
  }
  const rules = readRules(command, chains, context);
  if (rules === null) return;
  if (letter === "A") chain.rules.push(...rules);
  else if (letter === "I") tellFault(insertAt(chain, number ?? 1, rules), column, context);
  else if (letter === "R") tellFault(replaceAt(chain, number, rules), column, context);
  else for (const rule of rules) tellFault(removeOrCheck(chain, rule, letter, context.family), column, context);
}

function tellFault(fault: string | null, column: number, { tell }: CommandContext): void {
  if (fault !== null) tell(column, fault);
}

/** Gives the rules that a command names, or null where something is wrong with them, which is told. */
function readRules(
  { table, rule: words }: CommandWords,
  chains: ReadonlyMap<string, OpenChain>,
  { family, names, line, tell }: CommandContext,
): readonly Rule[] | null {
  const hasChain = (name: string) => chains.has(name) && !BUILT_IN_CHAINS[table].includes(name);
  const { rules, faults, targetColumn } = readRule(words, { family, names, hasChain });
  for (const fault of faults) tell(fault.column, fault.message);
  const lost = rules.map(nextChain).find((name) => name !== null && !hasChain(name)) ?? null;
  if (lost !== null) tell(targetColumn, `The table ${table} has no chain ${lost} yet; make it first with -N.`);
  return faults.length > 0 || lost !== null ? null : rules.map((rule) => ({ ...rule, line }));
}

function removeAt(chain: OpenChain, number: number): string | null {
  if (number < 1 || number > chain.rules.length)
    return `The chain ${chain.name} has no rule ${number}; it has ${chain.rules.length}.`;
  chain.rules.splice(number - 1, 1);
  return null;
}

/** Each rule goes to the same place, so the last ends up first. */
function insertAt(chain: OpenChain, number: number, rules: readonly Rule[]): string | null {
  if (number < 1 || number > chain.rules.length + 1)
    return `The chain ${chain.name} has no place ${number}; it has ${chain.rules.length} rules.`;
  chain.rules.splice(number - 1, 0, ...rules.toReversed());
  return null;
}

function replaceAt(chain: OpenChain, number: number | null, rules: readonly Rule[]): string | null {
  if (number === null || number < 1 || number > chain.rules.length)
    return `-R needs the number of a rule of ${chain.name}, which has ${chain.rules.length}.`;
  const [rule, ...others] = rules;
  if (!rule || others.length > 0) return "-R puts one rule in the place of one; several addresses would make several.";
  chain.rules.splice(number - 1, 1, rule);
  return null;
}

function removeOrCheck(chain: OpenChain, rule: Rule, letter: string, family: Family): string | null {
  const index = findRule(chain, rule, family);
  if (index < 0) return `The chain ${chain.name} has no such rule.`;
  if (letter === "D") chain.rules.splice(index, 1);
  return null;
}
