import { TABLE_NAMES, type TableName } from "../model/ruleset.ts";
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

/** Every command (iptables(8), COMMANDS): its letter, and how many words may follow it. */
const COMMANDS: ReadonlyMap<
  string,
  { readonly letter: CommandLetter; readonly takes: "chain" | "chain-number" | "chain-word" }
> = new Map(
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

/** Takes an iptables command apart, `words` being all behind the program's name. Gives the faults where it is none. */
export function readCommandWords(words: readonly Word[]): CommandWords | { readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const tell = (word: Word | undefined, message: string) =>
    void faults.push({ kind: "fault", column: word?.column ?? 1, message });
  const rule: Word[] = [];
  let table: TableName = "filter";
  let command: Omit<CommandWords, "table" | "rule"> | null = null;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as Word;
    const known = word.quoted ? undefined : COMMANDS.get(word.text);
    if (word.text === "-t" || word.text === "--table") {
      const name = words[++i];
      const found = TABLE_NAMES.find((candidate) => candidate === name?.text);
      if (found) table = found;
      else
        tell(
          name ?? word,
          `The table ${name?.text ?? "(none)"} is not examined; examined are ${TABLE_NAMES.join(", ")}.`,
        );
    } else if (["-w", "--wait", "-W", "--wait-interval"].includes(word.text)) {
      if (/^\d+$/.test(words[i + 1]?.text ?? "")) i++;
    } else if (known) {
      if (command) tell(word, "One command is given twice over; write each on a line of its own.");
      const following = takeArguments(words.slice(i + 1), known.takes);
      command = { letter: known.letter, column: word.column, ...following.read };
      i += following.taken;
    } else if (word.quoted || !SILENT.includes(word.text)) rule.push(word);
  }
  if (!command) tell(words[0], "There is no command here, such as -A CHAIN.");
  return command && faults.length === 0 ? { ...command, table, rule } : { faults };
}

function takeArguments(words: readonly Word[], takes: "chain" | "chain-number" | "chain-word") {
  const isPlain = (word: Word | undefined) => word !== undefined && (word.quoted || !/^[-!]/.test(word.text));
  const chain = isPlain(words[0]) ? (words[0] ?? null) : null;
  const next = chain && isPlain(words[1]) ? (words[1] ?? null) : null;
  const number = takes === "chain-number" && next && /^\d+$/.test(next.text) ? Number(next.text) : null;
  const second = takes === "chain-word" ? next : null;
  const taken = [chain, number ?? second].filter((word) => word !== null).length;
  return { read: { chain, number, second }, taken };
}
