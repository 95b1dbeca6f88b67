import { type Finding, finding, type Parsed } from "../model/finding.ts";
import { type NameLookups, NO_LOOKUPS } from "../model/name-lookups.ts";
import type { Ruleset } from "../model/ruleset.ts";
import { type CommandWords, readCommandWords } from "./command-words.ts";
import {
  addChain,
  chainsOf,
  closeTables,
  type OpenChain,
  type OpenTables,
  openTables,
  removeChains,
  renameChain,
} from "./open-tables.ts";
import { changeRules, type Tell } from "./rule-changes.ts";
import { checkRuleset } from "./ruleset-check.ts";
import { splitShellWords } from "./shell-words.ts";

/** The rule sets of both families. A family that no command is about, and that had no rules before, is null. */
export interface FamilyRules {
  readonly ip: Ruleset | null;
  readonly ip6: Ruleset | null;
}

/** How to read commands. */
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
 * and the command then does nothing. A line that is no plain iptables command is a finding too: no shell is run.
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
      void findings.push(finding(where, message, number, column));
    interpretLine(line, open, names, number, tell);
  }
  const [ip, ip6] = [closeTables(open.iptables), closeTables(open.ip6tables)];
  for (const ruleset of [ip, ip6]) if (ruleset) findings.push(...checkRuleset(ruleset, where));
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: { ip, ip6 } };
}

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

function interpretLine(
  line: string,
  open: Record<"iptables" | "ip6tables", OpenTables>,
  names: NameLookups,
  number: number,
  tell: Tell,
): void {
  const split = splitShellWords(line);
  if (split.kind === "open-quote") tell(split.column, "This quote is never closed.");
  else if (split.kind === "needs-shell")
    tell(split.column, `"${split.sign}" means something to a shell, and none is run; write the command out.`);
  else if (split.words.length > 0) {
    const [program, ...words] = split.words;
    const tool = PROGRAM.exec(program?.text ?? "")?.[1];
    const command = readCommandWords(words);
    if (tool !== "iptables" && tool !== "ip6tables")
      tell(program?.column ?? 1, `"${program?.text}" is not iptables or ip6tables.`);
    else if ("faults" in command) for (const fault of command.faults) tell(fault.column, fault.message);
    else obey(command, open[tool], names, number, tell);
  }
}

function obey(command: CommandWords, open: OpenTables, names: NameLookups, line: number, tell: Tell): void {
  const chains = chainsOf(open, command.table);
  const { letter, chain: name } = command;
  const fault = (message: string | null) => message !== null && tell(name?.column ?? command.column, message);
  if (letter === "N") fault(name ? addChain(chains, name.text) : "-N needs the name of a chain.");
  else if (letter === "X")
    fault(name && !chains.has(name.text) ? missing(name.text, command) : removeChains(chains, name?.text ?? null));
  else if (!name && "FZLS".includes(letter)) for (const chain of chains.values()) clear(chain, letter);
  else {
    const chain = chains.get(name?.text ?? "");
    if (!chain) fault(missing(name?.text ?? "", command));
    else if ("FZLS".includes(letter)) clear(chain, letter);
    else if (letter === "E")
      fault(
        command.second ? renameChain(chains, chain, command.second.text) : "-E needs the old name and the new one.",
      );
    else if (letter === "P") fault(setPolicy(chain, command));
    else changeRules(command, chain, chains, open, names, line, tell);
  }
}

function missing(name: string, { table }: CommandWords): string {
  return name === "" ? "The command needs a chain." : `The table ${table} has no chain ${name}.`;
}

/** -L and -S change nothing; -Z zeroes counters; -F takes the rules out. */
function clear(chain: OpenChain, letter: string): void {
  if (letter === "F") chain.rules = [];
  if (letter === "Z") chain.rules = chain.rules.map(({ counters: _, ...rule }) => rule);
}

function setPolicy(chain: OpenChain, { second, table }: CommandWords): string | null {
  if (chain.policy === null) return `${chain.name} is no built-in chain and has no policy.`;
  if (second?.text !== "ACCEPT" && second?.text !== "DROP")
    return `A policy is ACCEPT or DROP, not ${second?.text ?? "nothing"}.`;
  if (table === "nat" && second.text === "DROP") return "The nat table is not for filtering; its policies stay ACCEPT.";
  chain.policy = second.text;
  return null;
}
