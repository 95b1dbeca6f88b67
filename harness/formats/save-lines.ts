import { BUILT_IN_CHAINS, TABLE_NAMES, type TableName } from "../model/iptables-tables.ts";
import type { Rule } from "../model/ruleset.ts";
import { readCommandWords, refuseFamily } from "./command-words.ts";
import { obey } from "./interpreter.ts";
import { makeOpenChain, type OpenTables } from "./open-tables.ts";
import type { CommandContext } from "./rule-changes.ts";
import { faultOfChainName } from "./ruleset-check.ts";
import { splitWords } from "./words.ts";

/** What one line is read with: where it goes, and who takes what is wrong with it. */
export interface LineContext extends Omit<CommandContext, "family"> {
  readonly open: OpenTables;
  /** The table whose lines are read. */
  readonly table: TableName;
}

/** Gives the table that a line such as `*nat` or `* nat` opens, and its name as written. */
export function readTableLine(line: string): { readonly table: TableName | null; readonly name: string } {
  const name = line.slice(1).trim();
  return { table: TABLE_NAMES.find((known) => known === name) ?? null, name };
}

/** Reads a line that declares a chain: `:OUTPUT ACCEPT [0:0]`, `:MINE -`. The counters may be missing. */
export function readChainLine(line: string, { open, table, tell }: LineContext): void {
  const found = /^:(\S+)\s+(\S+)(?:\s+\[(\d+):(\d+)\])?$/.exec(line);
  if (!found) {
    tell(2, "A chain line has the form :NAME POLICY [PACKETS:BYTES], with - for no policy.");
    return;
  }
  const [, name = "", policyText = "", packets, bytes] = found;
  const chains = open.tables.get(table);
  const fault = chains?.has(name)
    ? `The chain ${name} appears twice in the table ${table}.`
    : faultOfPolicy(name, policyText, table);
  if (fault !== null) tell(2, fault);
  if (!chains || chains.has(name)) return;
  const chain = makeOpenChain(table, name, policyText === "DROP" ? "DROP" : "ACCEPT");
  const counters = packets === undefined ? {} : { counters: { packets: Number(packets), bytes: Number(bytes) } };
  chains.set(name, { ...chain, ...counters });
}

/** The `-` of a built-in chain leaves its policy as it is, as iptables-restore does. */
function faultOfPolicy(name: string, policy: string, table: TableName): string | null {
  const allowed = BUILT_IN_CHAINS[table].includes(name) ? ["ACCEPT", "DROP", "-"] : ["-"];
  if (!allowed.includes(policy))
    return `The policy of ${name} in the table ${table} must be ${allowed.join(" or ")}, not "${policy}".`;
  return faultOfChainName(name);
}

/**
 * Reads a line with a command, as iptables-restore takes it and `iptables -S` prints it: `-A OUTPUT -p tcp -j ACCEPT`, `-N MINE`,
 * `-P INPUT DROP`, counters before it or not. What is wrong is told.
 */
export function readRuleLine(line: string, context: LineContext): void {
  const counted = /^\[(\d+):(\d+)\]\s*/.exec(line);
  const offset = counted?.[0].length ?? 0;
  const text = line.slice(offset);
  const tell = (column: number | null, message: string) =>
    context.tell(column === null ? null : column + offset, message);
  const split = splitWords(text);
  if (split.kind === "open-quote") tell(split.column, "This quote is never closed.");
  if (split.kind === "too-much") tell(split.column, split.message);
  if (split.kind !== "words") return;
  const command = readCommandWords(split.words, context.table);
  if ("faults" in command) {
    for (const { column, message } of command.faults) tell(column, message);
    return;
  }
  // iptables-restore passes over a line of the other family.
  if (refuseFamily(command, context.open.family) !== null) return;
  const counters = counted ? { packets: Number(counted[1]), bytes: Number(counted[2]) } : null;
  const keep = (rule: Rule, column: number | null) => context.keep?.(rule, column === null ? null : column + offset);
  obey(command, context.open, { ...context, tell, text, keep, counters });
}

/** Gives where the target's name stands in a rule's line, from 1, behind `offset` characters; null where it has none. */
export function findTargetOf(line: string, offset: number): number | null {
  const counted = /^\[(\d+):(\d+)\]\s*/.exec(line)?.[0].length ?? 0;
  const split = splitWords(line.slice(counted));
  const words = split.kind === "words" ? split.words : [];
  const at = words.findIndex(({ text, quoted }) => !quoted && TARGET_OPTIONS.includes(text));
  const name = at < 0 ? undefined : words[at + 1];
  return name === undefined ? null : name.column + counted + offset;
}

const TARGET_OPTIONS: readonly string[] = ["-j", "--jump", "-g", "--goto"];
