import type { Family } from "../model/address.ts";
import { codedFinding, type Finding } from "../model/finding.ts";
import type { TableName } from "../model/iptables-tables.ts";
import type { NameLookups } from "../model/name-lookups.ts";
import { familyKey, type Rule } from "../model/ruleset.ts";
import type { AlikeLines } from "./alike-lines.ts";
import type { Tools } from "./interpreter.ts";
import type { LineContext } from "./save-lines.ts";

/** One line of a text, without what a log or a shell has put before it. */
export interface TextLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** How many characters stand before it. */
  readonly offset: number;
}

/** What the lines stand in. `skipped`: they are not examined, and a finding says so. */
export type State = { readonly kind: "outside" | "skipped" } | { readonly kind: "table"; readonly table: TableName };

/** The state of reading one text. */
export interface TextReading {
  readonly where: string;
  readonly names: NameLookups;
  /** The table of listed rules whose own lines do not tell it. */
  readonly table: TableName | null;
  readonly tools: Tools;
  /** That of the last header. */
  family: Family;
  /** Whether headers are ignored. */
  readonly keepsFamily: boolean;
  readonly findings: Finding[];
  /** Lines by which iptables says that there is more than it prints. */
  readonly hidden: Finding[];
  /** Numbers of the lines that are noise, in order. */
  readonly passedOver: number[];
  /** Numbers of the lines that change nothing, since what they delete is not there. */
  readonly absent: number[];
  /** Where the targets of rules stand whose lines were read word by word. */
  readonly columns: Map<Rule, number | null>;
  /** The lines as iptables-restore takes them, without what stands around them. */
  readonly given: Record<"ip" | "ip6", string[]>;
  /** Whether `given` says all: commands do not stand in it. */
  isGivenWhole: boolean;
  readonly alike: AlikeLines;
  /** The lines of the text, once they are read. */
  lines: readonly string[];
  /** Whether any line was one of rules. */
  hasRules: boolean;
  state: State;
  /** Lines of `iptables -S` that still wait for their table, and the one that a command before them names. */
  listing: { readonly named: string | null; readonly lines: TextLine[]; readonly policies: Set<string> } | null;
}

/** Adds a line to those that iptables-restore is to read, for the family of the last header. */
export function keepGiven({ given, family }: TextReading, line: string): void {
  given[familyKey(family)].push(line);
}

/** Adds a finding about one line to those of the text. */
export function note(reading: TextReading, line: number, column: number | null, message: string): void {
  reading.findings.push(codedFinding("rule-fault", reading.where, message, line, column));
}

/** Gives what one line is read with, its table aside. */
export function contextOf(
  reading: TextReading,
  { number, offset, text }: TextLine,
): Omit<LineContext, "open" | "table"> {
  return {
    names: reading.names,
    line: number,
    text,
    tell: (column, message) => note(reading, number, column === null ? null : column + offset, message),
    keep: (rule, column) => reading.columns.set(rule, column === null ? null : column + offset),
    absent: "finding",
  };
}
