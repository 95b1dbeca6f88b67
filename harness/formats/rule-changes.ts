import type { NameLookups } from "../model/name-lookups.ts";
import { BUILT_IN_CHAINS, type Rule } from "../model/ruleset.ts";
import type { CommandWords } from "./command-words.ts";
import { findRule, type OpenChain, type OpenTables } from "./open-tables.ts";
import { readRule } from "./rule-text.ts";
import { nextChain } from "./ruleset-check.ts";

/** Takes a finding of the line that is read; the column counts from 1, null where it is not known. */
export type Tell = (column: number | null, message: string) => void;

/** Does what -A, -I, -R, -D and -C do to one chain; what is wrong is told, and then nothing is done. */
export function changeRules(
  command: CommandWords,
  chain: OpenChain,
  chains: ReadonlyMap<string, OpenChain>,
  { family }: OpenTables,
  names: NameLookups,
  line: number,
  tell: Tell,
): void {
  const { letter, number } = command;
  if (letter === "D" && number !== null) {
    removeAt(chain, number, command, tell);
    return;
  }
  const hasChain = (name: string) => chains.has(name) && !BUILT_IN_CHAINS[command.table].includes(name);
  const { rules, faults, targetColumn } = readRule(command.rule, { family, names, hasChain });
  for (const fault of faults) tell(fault.column, fault.message);
  const lost = rules.map(nextChain).find((name) => name !== null && !hasChain(name)) ?? null;
  if (lost !== null) tell(targetColumn, `The table ${command.table} has no chain ${lost} yet; make it first with -N.`);
  if (faults.length > 0 || lost !== null) return;
  const placed = rules.map((rule): Rule => ({ ...rule, line }));
  if (letter === "A") chain.rules.push(...placed);
  else if (letter === "I") insertAt(chain, number ?? 1, placed, command, tell);
  else if (letter === "R") replaceAt(chain, number, placed, command, tell);
  else for (const rule of placed) removeOrCheck(chain, rule, letter, family, command, tell);
}

function removeAt(chain: OpenChain, number: number, { column }: CommandWords, tell: Tell): void {
  if (number < 1 || number > chain.rules.length)
    tell(column, `The chain ${chain.name} has no rule ${number}; it has ${chain.rules.length}.`);
  else chain.rules.splice(number - 1, 1);
}

/** Each rule goes to the same place, so the last ends up first. */
function insertAt(
  chain: OpenChain,
  number: number,
  rules: readonly Rule[],
  { column }: CommandWords,
  tell: Tell,
): void {
  if (number < 1 || number > chain.rules.length + 1)
    tell(column, `The chain ${chain.name} has no place ${number}; it has ${chain.rules.length} rules.`);
  else chain.rules.splice(number - 1, 0, ...rules.toReversed());
}

function replaceAt(
  chain: OpenChain,
  number: number | null,
  rules: readonly Rule[],
  { column }: CommandWords,
  tell: Tell,
): void {
  const [rule, ...others] = rules;
  if (number === null || number < 1 || number > chain.rules.length)
    tell(column, `-R needs the number of a rule of ${chain.name}, which has ${chain.rules.length}.`);
  else if (!rule || others.length > 0)
    tell(column, "-R puts one rule in the place of one; several addresses would make several.");
  else chain.rules.splice(number - 1, 1, rule);
}

function removeOrCheck(
  chain: OpenChain,
  rule: Rule,
  letter: string,
  family: OpenTables["family"],
  { column }: CommandWords,
  tell: Tell,
): void {
  const index = findRule(chain, rule, family);
  if (index < 0) tell(column, `The chain ${chain.name} has no such rule.`);
  else if (letter === "D") chain.rules.splice(index, 1);
}
