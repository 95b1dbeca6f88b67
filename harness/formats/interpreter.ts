import { codedFinding, type Finding, type Parsed } from "../model/finding.ts";
import { type NameLookups, NO_LOOKUPS } from "../model/name-lookups.ts";
import type { Ruleset } from "../model/ruleset.ts";
import { type CommandWords, readCommandWords, refuseFamily } from "./command-words.ts";
import {
  addChain,
  chainsOf,
  closeTables,
  findChain,
  type OpenChain,
  type OpenTables,
  openTables,
  removeChains,
  renameChain,
  rulesOf,
} from "./open-tables.ts";
import { type CommandContext, changeRules } from "./rule-changes.ts";
import { checkRuleset } from "./ruleset-check.ts";
import { splitShellWords } from "./shell-words.ts";
import type { Word } from "./words.ts";

/** The rule sets of both families. A family that no command is about, and that had no rules before, is null. */
export interface FamilyRules {
  readonly ip: Ruleset | null;
  readonly ip6: Ruleset | null;
}

/** How to read commands, and which rules are there before the first of them. */
export interface CommandOptions {
  /** How findings name the text: a file's name. */
  readonly where: string;
  /** Resolves names of services, users and groups, as the machine under test would. */
  readonly names?: NameLookups;
  /** The rules that are there before the first command; none if left out. */
  readonly start?: FamilyRules;
}

const PROGRAM = /^(?:.*\/)?(ip6?tables)(?:-nft|-legacy)?$/;

/**
 * Reads a text of commands, one a line (`iptables -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT`), and gives the rules they leave. Blank lines
 * and comments are passed over; a backslash at a line's end joins the next. What iptables would refuse is a finding with line and column,
 * and the command then does nothing. A line that is no plain iptables command is a finding too: no shell is run. Every finding has the code
 * `rule-fault`: `{ code: "rule-fault", where: "rules.sh", line: 1, column: 13, message: "The table filter has no chain NOPE." }`.
 *
 * @example
 * interpretCommands("iptables -N LOGDROP\niptables -A LOGDROP -j DROP\n", { where: "rules.sh" })
 */
export function interpretCommands(text: string, options: CommandOptions): Parsed<FamilyRules> {
  const { where, names = NO_LOOKUPS, start = { ip: null, ip6: null } } = options;
  const findings: Finding[] = [];
  const open = { iptables: openTables(4, start.ip), ip6tables: openTables(6, start.ip6) };
  for (const { line, number } of joinLines(text)) {
    const tell = (column: number | null, message: string) =>
      void findings.push(codedFinding("rule-fault", where, message, number, column));
    interpretLine(line, open, { names, line: number, text: line.trim(), tell, absent: "finding" });
  }
  const [ip, ip6] = [closeTables(open.iptables), closeTables(open.ip6tables)];
  for (const ruleset of [ip, ip6]) if (ruleset) findings.push(...checkRuleset(ruleset, where));
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: { ip, ip6 } };
}

/** Gives a text's lines, those that end with a backslash joined with the next; each has the number of its first. */
function joinLines(text: string): readonly { readonly line: string; readonly number: number }[] {
  const joined: { line: string; readonly number: number }[] = [];
  let goesOn = false;
  for (const [i, line] of text.split("\n").entries()) {
    const last = joined.at(-1);
    const part = line.replace(/\\$/, "");
    if (goesOn && last) last.line += part;
    else joined.push({ line: part, number: i + 1 });
    goesOn = line.endsWith("\\");
  }
  return joined;
}

/** The tables of both families, by the tool that changes them. */
export type Tools = Readonly<Record<"iptables" | "ip6tables", OpenTables>>;

/**
 * Carries out one line of a shell if it is a plain iptables command; tells what is wrong through `context.tell`. `lead` is the program of a
 * line that names none.
 */
export function interpretLine(
  line: string,
  open: Tools,
  context: Omit<CommandContext, "family">,
  lead: "iptables" | "ip6tables" | null = null,
): void {
  const split = splitShellWords(line);
  switch (split.kind) {
    case "words":
      interpretWords(split.words, open, context, lead);
      return;
    case "open-quote":
      context.tell(split.column, "This quote is never closed.");
      return;
    case "too-much":
      context.tell(split.column, split.message);
      return;
    case "needs-shell":
      context.tell(split.column, `"${split.sign}" is shell syntax, and landfall runs no shell; write the command out.`);
  }
}

function interpretWords(
  words: readonly Word[],
  open: Tools,
  context: Omit<CommandContext, "family">,
  lead: "iptables" | "ip6tables" | null,
): void {
  const start = words[0]?.text === "sudo" ? words.findIndex(({ text }, i) => i > 0 && !text.startsWith("-")) : 0;
  const [program, ...rest] = words.slice(Math.max(start, 0));
  if (!program) return;
  const named = PROGRAM.exec(program.text)?.[1];
  const tool = named === "iptables" || named === "ip6tables" ? named : program.text.startsWith("-") ? lead : null;
  if (tool === null) {
    context.tell(program.column, `"${program.text}" is not iptables or ip6tables.`);
    return;
  }
  const command = readCommandWords(tool === named ? rest : words);
  if ("faults" in command) for (const fault of command.faults) context.tell(fault.column, fault.message);
  else obey(command, open[tool], context);
}

/** Carries out one command on the tables of its family; tells what is wrong through `context.tell`, and then changes nothing. */
export function obey(command: CommandWords, open: OpenTables, context: Omit<CommandContext, "family">): void {
  const chains = chainsOf(open, command.table);
  const { chain: name } = command;
  const full = { ...context, family: open.family };
  const fault =
    refuseFamily(command, open.family) ??
    (name === null ? obeyForTable(command, chains) : obeyForChain(command, name.text, chains, full));
  if (fault !== null) context.tell(name?.column ?? command.column, fault);
}

/** Does what a command without a chain does to the whole table; gives what is wrong, or null. */
function obeyForTable({ letter }: CommandWords, chains: Map<string, OpenChain>): string | null {
  if (letter === "N") return "-N needs a chain name.";
  if (letter === "X") return removeChains(chains, null);
  if (letter !== "F" && letter !== "Z" && letter !== "L" && letter !== "S") return "The command needs a chain name.";
  for (const chain of chains.values()) clear(chain, letter);
  return null;
}

/** Does what a command does to one chain; gives what is wrong with the chain, or null. */
function obeyForChain(
  command: CommandWords,
  name: string,
  chains: Map<string, OpenChain>,
  context: CommandContext,
): string | null {
  const tellAbsent = context.absent === "finding" ? null : context.absent;
  if (command.letter === "N" && tellAbsent && chains.get(name)?.base === null) {
    tellAbsent(command.column, `The chain ${name} exists already.`);
    return null;
  }
  if (command.letter === "N") return addChain(chains, name);
  const chain = findChain(chains, command.table, name);
  if (!chain && tellAbsent && "CDFXZLS".includes(command.letter)) {
    tellAbsent(command.column, `The table ${command.table} has no chain ${name}.`);
    return null;
  }
  if (!chain) return `The table ${command.table} has no chain ${name}.`;
  switch (command.letter) {
    case "X":
      return removeChains(chains, name);
    case "F":
    case "Z":
    case "L":
    case "S":
      clear(chain, command.letter);
      return null;
    case "E":
      return command.second
        ? renameChain(chains, chain, command.second.text)
        : "-E needs the old name and the new one.";
    case "P":
      return setPolicy(chain, command);
    default:
      changeRules(command, chain, chains, context);
      return null;
  }
}

/** -L and -S change nothing; -Z zeroes counters; -F takes the rules out. */
function clear(chain: OpenChain, letter: "F" | "Z" | "L" | "S"): void {
  if (letter === "F") [chain.inserted, chain.rules] = [[], []];
  if (letter === "Z") chain.rules = rulesOf(chain).map(({ counters: _, ...rule }) => rule);
}

function setPolicy(chain: OpenChain, { second, table }: CommandWords): string | null {
  if (chain.base === null) return `${chain.name} is not a built-in chain, so it has no policy.`;
  if (second?.text !== "ACCEPT" && second?.text !== "DROP")
    return `A policy must be ACCEPT or DROP, not ${second?.text ?? "nothing"}.`;
  if (table === "nat" && second.text === "DROP")
    return "The nat table does not filter, so its policies must be ACCEPT.";
  chain.base = { ...chain.base, policy: second.text };
  return null;
}
