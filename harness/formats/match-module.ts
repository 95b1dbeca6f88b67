import type { Family } from "../model/address.ts";
import type { Match } from "../model/match.ts";
import type { NameLookups } from "../model/name-lookups.ts";

/** One option of a match module or a target, as a rule uses it. */
export interface OptionUse {
  /** With its dashes: `--dport`. */
  readonly option: string;
  /** Whether `!` stands before it. */
  readonly negated: boolean;
  /** The words it takes, quotes taken off. */
  readonly values: readonly string[];
  /** Where the option begins in the line, from 1. */
  readonly column: number;
}

/** What is wrong with one option, to become a finding. */
export interface Fault {
  readonly kind: "fault";
  readonly column: number;
  readonly message: string;
}

/** What reading a rule needs beside its words. */
export interface ReadContext {
  readonly family: Family;
  readonly names: NameLookups;
}

/** One match module (`-m NAME`): its options, and how they become matches. An option it does not list makes the whole group unknown. */
export interface MatchModule {
  /** How many words each option takes, under every name the option has. */
  readonly takes: Readonly<Record<string, 0 | 1 | 2>>;
  /** Reads all options that stand behind one `-m`, none for a bare one. */
  readonly read: (uses: readonly OptionUse[], context: ReadContext, column: number) => readonly (Match | Fault)[];
}

/** A match as text: the module it needs, and its place among the options that one `-m` prints. */
export interface MatchText {
  /** Null for the options that need no `-m`. */
  readonly module: string | null;
  /** Options of one module print in the order of their slots; two of the same slot need two `-m`. */
  readonly slot: number;
  readonly text: string;
}

/** Gives the fault of an option whose value is not what it takes. */
export function badValue(use: OptionUse, takes: string): Fault {
  const given = use.values.length === 0 ? "nothing" : `"${use.values.join(" ")}"`;
  const hint = takes.includes("name") ? hintAtName(use) : "";
  return { kind: "fault", column: use.column, message: `${use.option} takes ${takes}, not ${given}.${hint}` };
}

/** Says of a name that it is not known here, and what prints its number; nothing where the value is no name. */
function hintAtName({ option, values: [value = ""] }: OptionUse): string {
  if (!/^[a-z_][\w.+-]*$/i.test(value)) return "";
  const number = option.includes("uid")
    ? `id -u ${value}`
    : option.includes("gid")
      ? `getent group ${value}`
      : `getent ${option.startsWith("-p") ? "protocols" : "services"} ${value}`;
  return ` The name ${value} is unknown on this machine; use the number, which ${number} prints on a machine that knows the name.`;
}

/** Gives a match, or the fault of the option it was to come from where there is none. */
export function orBadValue<T>(match: T | null, use: OptionUse, takes: string): T | Fault {
  return match ?? badValue(use, takes);
}

/** Gives the `! ` of a negated option, or nothing. */
export function renderNegation(negated: boolean): "! " | "" {
  return negated ? "! " : "";
}
