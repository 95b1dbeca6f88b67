import type { Family } from "../model/address.ts";
import { type Finding, finding } from "../model/finding.ts";
import { BUILT_IN_CHAINS, findBase, TABLE_NAMES, type TableName } from "../model/iptables-tables.ts";
import type { NameLookups } from "../model/name-lookups.ts";
import type { Chain, Counters, Rule } from "../model/ruleset.ts";
import { type RuleContext, type RuleReading, readRule } from "./rule-text.ts";
import { faultOfChainName } from "./ruleset-check.ts";
import { splitWords } from "./words.ts";

/** A chain whose rules are still coming. */
export interface OpenChain extends Omit<Chain, "rules"> {
  readonly rules: Rule[];
}

/** A table whose chains and rules are still coming. */
export interface OpenTable {
  readonly name: TableName;
  readonly chains: Map<string, OpenChain>;
}

/** The state of reading one text. */
export interface SaveReading {
  /** How findings name the text. */
  readonly where: string;
  readonly names: NameLookups;
  readonly family: Family;
  readonly tables: OpenTable[];
  readonly findings: Finding[];
  readonly targetColumns: Map<Rule, number>;
  /** The table whose lines are being read; null between `COMMIT` and the next `*TABLE`. */
  open: OpenTable | null;
  /** `skipped`: the lines are not examined, and a finding says so. */
  state: "outside" | "inside" | "skipped";
}

/** Adds a finding about one line to those of the text. */
export function noteFinding(reading: SaveReading, line: number, column: number | null, message: string): void {
  reading.findings.push(finding(reading.where, message, line, column));
}

/** Reads one line, without its line break; what is wrong with it becomes a finding. */
export function readSaveLine(reading: SaveReading, line: string, number: number): void {
  if (line === "" || line.startsWith("#")) return;
  if (line.startsWith("*")) openTable(reading, line.slice(1), number);
  else if (line === "COMMIT") commit(reading, number);
  else if (reading.state === "outside") refuseOutside(reading, number);
  else if (reading.open && line.startsWith(":")) readChain(reading, reading.open, line, number);
  else if (reading.open) readRuleLine(reading, reading.open, line, number);
}

/** The lines that follow lack the same one: they are passed over, up to the next table. */
function refuseOutside(reading: SaveReading, line: number): void {
  noteFinding(reading, line, 1, "This stands in no table; a line such as *nat has to come before it.");
  reading.state = "skipped";
}

function openTable(reading: SaveReading, name: string, line: number): void {
  const tell = (message: string) => noteFinding(reading, line, 2, message);
  if (reading.open) tell(`The table ${reading.open.name} has no COMMIT before this one begins.`);
  const known = TABLE_NAMES.find((table) => table === name);
  reading.state = known ? "inside" : "skipped";
  if (!known) tell(`The table ${name} is not examined; take it out. Examined are ${TABLE_NAMES.join(", ")}.`);
  if (known && reading.tables.some((table) => table.name === known)) tell(`The table ${known} stands here twice.`);
  reading.open = known ? { name: known, chains: new Map() } : null;
  if (reading.open) reading.tables.push(reading.open);
}

function commit(reading: SaveReading, line: number): void {
  if (reading.state === "outside") noteFinding(reading, line, 1, "COMMIT stands here without a table.");
  reading.open = null;
  reading.state = "outside";
}

function readChain(reading: SaveReading, table: OpenTable, line: string, number: number): void {
  const found = /^:(\S+)\s+(\S+)(?:\s+\[(\d+):(\d+)\])?$/.exec(line);
  const [, name = "", policyText = "", packets, bytes] = found ?? [];
  const fault = found
    ? faultOfChain(table, name, policyText)
    : "A chain's line reads :NAME POLICY [PACKETS:BYTES], with - for no policy.";
  if (fault !== null) noteFinding(reading, number, 2, fault);
  if (!found || table.chains.has(name)) return;
  const counters = packets === undefined ? {} : { counters: { packets: Number(packets), bytes: Number(bytes) } };
  const base = findBase(table.name, name, policyText === "DROP" ? "DROP" : "ACCEPT");
  table.chains.set(name, { name, base, rules: [], ...counters });
}

/** A built-in chain's `-` leaves its policy as it is; so iptables-restore reads it. */
function faultOfChain(table: OpenTable, name: string, policy: string): string | null {
  if (table.chains.has(name)) return `The chain ${name} stands twice in the table ${table.name}.`;
  const allowed = BUILT_IN_CHAINS[table.name].includes(name) ? ["ACCEPT", "DROP", "-"] : ["-"];
  if (!allowed.includes(policy))
    return `The policy of ${name} in the table ${table.name} is ${allowed.join(" or ")}, not "${policy}".`;
  return faultOfChainName(name);
}

function readRuleLine(reading: SaveReading, table: OpenTable, line: string, number: number): void {
  const counted = /^\[(\d+):(\d+)\]\s+/.exec(line);
  const offset = counted?.[0].length ?? 0;
  const split = splitWords(line.slice(offset));
  const tell = (column: number, message: string) => noteFinding(reading, number, column + offset, message);
  const [command, name, ...words] = split.kind === "words" ? split.words : [];
  const chain = table.chains.get(name?.text ?? "");
  const isRule = command?.text === "-A" || command?.text === "--append";
  if (split.kind === "open-quote") tell(split.column, "This quote is never closed.");
  else if (!isRule) tell(1, `"${command?.text ?? ""}" is no line of iptables-save; a rule begins with -A CHAIN.`);
  else if (chain) {
    const read = readRule(words, contextOf(reading, table));
    for (const fault of read.faults) tell(fault.column, fault.message);
    const counters = counted ? { packets: Number(counted[1]), bytes: Number(counted[2]) } : null;
    addRules(reading, chain, read, counters, { line: number, offset });
  } else tell(name?.column ?? 3, `The table ${table.name} has no chain ${name?.text ?? ""}.`);
}

function contextOf(reading: SaveReading, table: OpenTable): RuleContext {
  const hasChain = (name: string) => table.chains.has(name) && !BUILT_IN_CHAINS[table.name].includes(name);
  return { family: reading.family, names: reading.names, hasChain };
}

function addRules(
  reading: SaveReading,
  chain: OpenChain,
  read: RuleReading,
  counters: Counters | null,
  place: { readonly line: number; readonly offset: number },
): void {
  for (const rule of read.rules) {
    const placed: Rule = { ...rule, ...(counters ? { counters } : {}), line: place.line };
    chain.rules.push(placed);
    if (read.targetColumn !== null) reading.targetColumns.set(placed, read.targetColumn + place.offset);
  }
}
