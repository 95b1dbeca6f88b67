import { TABLE_NAMES, type TableName } from "../model/iptables-tables.ts";
import type { Fault } from "./match-module.ts";
import type { Word } from "./words.ts";

/** What a command does, by its short letter. */
export type CommandLetter = "A" | "C" | "D" | "I" | "R" | "L" | "S" | "F" | "Z" | "N" | "X" | "P" | "E";

/** One iptables command, its rule not yet read. */
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
const SILENT = [
  "-n",
  "--numeric",
  "-v",
  "--verbose",
  "-x",
  "--exact",
  "--line-numbers",
  "-4",
  "-6",
  "--ipv4",
  "--ipv6",
];

/** Options about iptables' lock; a number of seconds may follow. */
const WAITING = ["-w", "--wait", "-W", "--wait-interval"];

/** A command as far as it has been read. */
interface Reading {
  table: TableName;
  command: Omit<CommandWords, "table" | "rule"> | null;
  readonly rule: Word[];
  readonly faults: Fault[];
}

/** Takes an iptables command apart, `words` being all behind the program's name. Gives the faults where it is none. */
export function readCommandWords(words: readonly Word[]): CommandWords | { readonly faults: readonly Fault[] } {
  const reading: Reading = { table: "filter", command: null, rule: [], faults: [] };
  let rest = words;
  for (let [word] = rest; word; [word] = rest) rest = rest.slice(takeWord(reading, word, rest.slice(1)));
  const { table, command, rule, faults } = reading;
  if (!command) note(reading, words[0], "There is no command here, such as -A CHAIN.");
  return command && faults.length === 0 ? { ...command, table, rule } : { faults };
}

function note({ faults }: Reading, word: Word | undefined, message: string): void {
  faults.push({ kind: "fault", column: word?.column ?? 1, message });
}

/** Takes a word with those behind it that belong to it; gives how many these are. */
function takeWord(reading: Reading, word: Word, tail: readonly Word[]): number {
  const known = word.quoted ? undefined : COMMANDS.get(word.text);
  if (known) return takeCommand(reading, known, word, tail);
  if (word.text === "-t" || word.text === "--table") return takeTable(reading, word, tail[0]);
  if (WAITING.includes(word.text)) return /^\d+$/.test(tail[0]?.text ?? "") ? 2 : 1;
  if (word.quoted || !SILENT.includes(word.text)) reading.rule.push(word);
  return 1;
}

function takeTable(reading: Reading, option: Word, name: Word | undefined): number {
  const found = TABLE_NAMES.find((candidate) => candidate === name?.text);
  const message = `The table ${name?.text ?? "(none)"} is not examined; examined are ${TABLE_NAMES.join(", ")}.`;
  if (found) reading.table = found;
  else note(reading, name ?? option, message);
  return 2;
}

function takeCommand(reading: Reading, { letter, takes }: KnownCommand, word: Word, tail: readonly Word[]): number {
  if (reading.command) note(reading, word, "One command is given twice over; write each on a line of its own.");
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
