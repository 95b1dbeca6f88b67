import type { Family } from "../model/address.ts";
import { TABLE_NAMES, type TableName } from "../model/iptables-tables.ts";
import type { Fault } from "./match-module.ts";
import type { Word } from "./words.ts";

/** What an iptables command does, by its short letter: `A` is --append. */
export type CommandLetter = "A" | "C" | "D" | "I" | "R" | "L" | "S" | "F" | "Z" | "N" | "X" | "P" | "E";

/** One iptables command, taken apart; its rule is not read yet. */
export interface CommandWords {
  readonly letter: CommandLetter;
  readonly table: TableName;
  /** The chain, and for -P and -E the word behind it; null where none is given. */
  readonly chain: Word | null;
  readonly second: Word | null;
  /** The rule's number, from 1, where one is given. */
  readonly number: number | null;
  /** The words of the rule. */
  readonly rule: readonly Word[];
  /** Where the command's letter stands, from 1. */
  readonly column: number;
  /** The families that `-4` and `-6` name: empty where neither is given. */
  readonly families: readonly Family[];
}

/** A command's letter, and which words may follow it. */
interface KnownCommand {
  readonly letter: CommandLetter;
  readonly takes: "chain" | "chain-number" | "chain-word";
}

/** Every command (iptables(8), COMMANDS), by each of its names. */
const COMMANDS: ReadonlyMap<string, KnownCommand> = new Map(
  (
    [
      ["A", "append", "chain"],
      ["C", "check", "chain"],
      ["D", "delete", "chain-number"],
      ["I", "insert", "chain-number"],
      ["R", "replace", "chain-number"],
      ["L", "list", "chain-number"],
      ["S", "list-rules", "chain-number"],
      ["F", "flush", "chain"],
      ["Z", "zero", "chain-number"],
      ["N", "new-chain", "chain"],
      ["X", "delete-chain", "chain"],
      ["P", "policy", "chain-word"],
      ["E", "rename-chain", "chain-word"],
    ] as const
  ).flatMap(([letter, name, takes]) => [
    [`-${letter}`, { letter, takes }] as const,
    [`--${name}`, { letter, takes }] as const,
  ]),
);
/** Options that change nothing about the rules. */
const SILENT = ["-n", "--numeric", "-v", "--verbose", "-x", "--exact", "--line-numbers"];

/** Options that name a family: iptables refuses a command of the other one, and iptables-restore passes over its line (iptables(8)). */
const FAMILY_OPTIONS: Readonly<Record<string, Family>> = { "-4": 4, "--ipv4": 4, "-6": 6, "--ipv6": 6 };

/** Options about iptables' lock; a number of seconds may follow. */
const WAITING = ["-w", "--wait", "-W", "--wait-interval"];

/** A command as far as it has been read. */
interface Reading {
  table: TableName;
  /** Whether the table is given by the lines around, and -t cannot name one. */
  readonly isFixed: boolean;
  command: Omit<CommandWords, "table" | "rule" | "families"> | null;
  readonly rule: Word[];
  readonly families: Family[];
  readonly faults: Fault[];
}

/**
 * Takes an iptables command apart; `words` are all those behind the program's name. `inTable` is the table of the lines it stands among,
 * where no word can name another. Gives the faults, with their columns, if it is not a command.
 *
 * @example
 * readCommandWords(words)   // of "-t nat -I OUTPUT 2 -j RETURN"
 * // { letter: "I", table: "nat", chain: { text: "OUTPUT", … }, second: null, number: 2, rule: [{ text: "-j", … }, …], column: 8 }
 */
export function readCommandWords(
  words: readonly Word[],
  inTable: TableName | null = null,
): CommandWords | { readonly faults: readonly Fault[] } {
  const reading: Reading = {
    table: inTable ?? "filter",
    isFixed: inTable !== null,
    command: null,
    rule: [],
    families: [],
    faults: [],
  };
  for (let at = 0; at < words.length; ) {
    const word = words[at] as Word;
    at += word.text.startsWith("-") ? takeWord(reading, word, words.slice(at + 1)) : takePlain(reading, word);
  }
  const { table, command, rule, families, faults } = reading;
  if (!command) note(reading, words[0], "This line has no command, such as -A CHAIN.");
  const stray = command && !"ACDIR".includes(command.letter) && !isCounters(rule) ? rule[0] : undefined;
  if (stray) note(reading, stray, `"${stray.text}" does not belong to this command; remove it.`);
  return command && faults.length === 0 ? { ...command, table, rule, families } : { faults };
}

/** Says that a command of one family has an option of the other, which iptables refuses; null where it has none. */
export function refuseFamily({ families }: CommandWords, family: Family): string | null {
  if (families.every((one) => one === family)) return null;
  const [tool, other] = family === 4 ? ["iptables", "ip6tables"] : ["ip6tables", "iptables"];
  return `${tool} refuses -4 and -6 of the other family; use ${other}.`;
}

/** `iptables -S -v` prints counters behind a policy, a chain or a rule. */
function isCounters(words: readonly Word[]): boolean {
  return words[0]?.text === "-c" && words.length === 3 && words.slice(1).every(({ text }) => /^\d+$/.test(text));
}

function note({ faults }: Reading, word: Word | undefined, message: string): void {
  faults.push({ kind: "fault", column: word?.column ?? 1, message });
}

/** Takes a word that is no option, of a command or of anything else; gives how many are taken. */
function takePlain(reading: Reading, word: Word): number {
  reading.rule.push(word);
  return 1;
}

/** Takes a word with those behind it that belong to it; gives how many these are. */
function takeWord(reading: Reading, word: Word, tail: readonly Word[]): number {
  const known = word.quoted ? undefined : findCommand(word.text, reading.command === null);
  if (known) return takeCommand(reading, known, word, tail);
  if (word.text === "-t" || word.text === "--table") return takeTable(reading, word, tail[0]);
  const [, joined] = word.quoted ? [] : (/^--table=(.*)$/.exec(word.text) ?? []);
  if (joined !== undefined) return takeTable(reading, word, { ...word, text: joined }) - 1;
  if (WAITING.includes(word.text)) return /^\d+$/.test(tail[0]?.text ?? "") ? 2 : 1;
  return word.quoted ? takePlain(reading, word) : takeOption(reading, word);
}

/** Takes an option that is no command's; most are of the rule. */
function takeOption(reading: Reading, word: Word): number {
  const family = Object.hasOwn(FAMILY_OPTIONS, word.text) ? FAMILY_OPTIONS[word.text] : undefined;
  if (family !== undefined) reading.families.push(family);
  else if (!SILENT.includes(word.text)) reading.rule.push(word);
  return 1;
}

/**
 * A long name may be cut short where what is left is the beginning of one command alone: `--new` (getopt_long(3)). Behind a command it is
 * an option of a rule: `--pol`.
 */
function findCommand(text: string, isFirst: boolean): KnownCommand | undefined {
  const exact = COMMANDS.get(text);
  if (exact || !isFirst || !/^--[a-z][a-z-]+$/.test(text)) return exact;
  const begun = [...COMMANDS.entries()].filter(([name]) => name.startsWith(text));
  return begun.length === 1 ? begun[0]?.[1] : undefined;
}

function takeTable(reading: Reading, option: Word, name: Word | undefined): number {
  if (reading.isFixed) note(reading, option, "The table is already given by the surrounding lines; remove -t.");
  const found = TABLE_NAMES.find((candidate) => candidate === name?.text);
  const message = `landfall does not read the table ${name?.text ?? "(none)"}; it reads ${TABLE_NAMES.join(", ")}.`;
  if (found) reading.table = found;
  else note(reading, name ?? option, message);
  return 2;
}

function takeCommand(reading: Reading, { letter, takes }: KnownCommand, word: Word, tail: readonly Word[]): number {
  if (reading.command) note(reading, word, "This line has two commands; write each on its own line.");
  const { read, taken } = takeArguments(tail, takes);
  reading.command = { letter, column: word.column, ...read };
  return 1 + taken;
}

function takeArguments(words: readonly Word[], takes: KnownCommand["takes"]) {
  const isPlain = (word: Word | undefined) => word !== undefined && (word.quoted || !/^[-!]/.test(word.text));
  const chain = isPlain(words[0]) ? (words[0] ?? null) : null;
  const next = chain && isPlain(words[1]) ? (words[1] ?? null) : null;
  const number = takes === "chain-number" && next && /^\d+$/.test(next.text) ? Number(next.text) : null;
  const second = takes === "chain-word" ? next : null;
  const taken = [chain, number ?? second].filter((word) => word !== null).length;
  return { read: { chain, number, second }, taken };
}
