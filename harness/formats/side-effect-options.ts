import type { OptionUse } from "./match-module.ts";
import { findUse } from "./target-module.ts";
import { parseNumber } from "./values.ts";
import { quoteWord } from "./words.ts";

/** Gives an option's value as iptables prints it back, or null where iptables refuses it. */
export type PrintValue = (value: string) => string | null;

/** One option of a target: what it is called, what it takes, and how iptables prints the value. */
export interface PrintedOption {
  readonly option: string;
  /** Null for an option without a value. */
  readonly print: PrintValue | null;
  /** What the value is, for an error: `a number from 0 to 65535`. */
  readonly takes: string;
}

/** Gives an option that takes no value. */
export function flag(option: string): PrintedOption {
  return { option, print: null, takes: "no value" };
}

/** Gives an option that takes a number, printed in decimal. */
export function number(option: string, first: number, last: number): PrintedOption {
  const print: PrintValue = (text) => {
    const value = parseNumber(text, last);
    return value === null || value < first ? null : String(value);
  };
  return { option, print, takes: `a number from ${first} to ${last}` };
}

/** Gives an option that takes any text. */
export function text(option: string): PrintedOption {
  return { option, print: quoteWord, takes: "a text" };
}

/** Gives an option that takes one word, which iptables prints without quotes. */
export function word(option: string): PrintedOption {
  return { option, print: (given) => (/[\s"]/.test(given) ? null : given), takes: "one word" };
}

/** Gives an option that takes one of some words. */
export function choice(option: string, words: readonly string[]): PrintedOption {
  return { option, print: (word) => (words.includes(word) ? word : null), takes: words.join(" or ") };
}

/**
 * Gives options as iptables prints them, in the order of the table; what iptables leaves out when it has its default value is in
 * `unprinted`. A fault names the option whose value is refused.
 */
export function printOptions(
  uses: readonly OptionUse[],
  options: readonly PrintedOption[],
  unprinted: readonly string[] = [],
): { readonly text: string } | { readonly refused: OptionUse; readonly takes: string } {
  const parts: string[] = [];
  for (const { option, print, takes } of options) {
    const use = findUse(uses, option);
    if (!use) continue;
    const value = print === null ? "" : print(use.values[0] ?? "");
    if (value === null) return { refused: use, takes };
    const part = value === "" ? option : `${option} ${value}`;
    if (!unprinted.includes(part)) parts.push(part);
  }
  return { text: parts.join(" ") };
}

/** Gives options as they are written, for targets whose printing no kernel at hand could show. */
export function keepOptions(uses: readonly OptionUse[]): string {
  return uses.map(({ option, values }) => [option, ...values.map(quoteWhereNeeded)].join(" ")).join(" ");
}

function quoteWhereNeeded(value: string): string {
  return /[\s"]/.test(value) ? quoteWord(value) : value;
}

const TOS_NAMES: Readonly<Record<string, number>> = {
  "minimize-delay": 0x10,
  "maximize-throughput": 0x08,
  "maximize-reliability": 0x04,
  "minimize-cost": 0x02,
  "normal-service": 0,
};
const BYTE = 0xff;
/** A name stands for the six bits that DSCP has today (extensions/tos_values.c, 1.8.9). */
const NAMED_MASK = 0x3f;

/** Every way to set TOS prints as `--set-tos value/mask`: `tos = (tos & ~mask) ^ value` (extensions/libxt_TOS.c, 1.8.9). Null: refused. */
export function printTos({ option, values }: OptionUse): string | null {
  const [valueText = "", maskText] = (values[0] ?? "").toLowerCase().split("/");
  const named = option === "--set-tos" && maskText === undefined ? TOS_NAMES[valueText] : undefined;
  const value = named ?? parseNumber(valueText, BYTE);
  const mask = maskText === undefined ? (named === undefined ? BYTE : NAMED_MASK) : parseNumber(maskText, BYTE);
  if (value === null || mask === null || (maskText !== undefined && option !== "--set-tos")) return null;
  const [bits, kept] = combineTos(option, value, mask);
  return `--set-tos 0x${renderByte(bits)}/0x${renderByte(kept)}`;
}

function combineTos(option: string, value: number, mask: number): readonly [value: number, mask: number] {
  if (option === "--and-tos") return [0, ~value & BYTE];
  if (option === "--or-tos") return [value, value];
  return option === "--xor-tos" ? [value, 0] : [value, mask];
}

/** Gives a byte as two hexadecimal digits. */
export function renderByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** Gives the code point of a DSCP class (extensions/dscp_helper.c, 1.8.9): CS0-CS7, BE, AF11-AF43, EF; null for another name. */
export function findDscpClass(name: string): number | null {
  const upper = name.toUpperCase();
  if (upper === "BE") return 0;
  if (upper === "EF") return 46;
  const selector = /^CS([0-7])$/.exec(upper);
  if (selector) return Number(selector[1]) * 8;
  const assured = /^AF([1-4])([1-3])$/.exec(upper);
  return assured ? Number(assured[1]) * 8 + Number(assured[2]) * 2 : null;
}

const TCP_OPTIONS: Readonly<Record<string, number>> = {
  mss: 2,
  wscale: 3,
  "sack-permitted": 4,
  sack: 5,
  timestamp: 8,
  md5: 19,
};

/** Gives the numbers of TCP options in rising order, as TCPOPTSTRIP prints them; null if one is not a number. */
export function printTcpOptions(list: string): string | null {
  const numbers = list.split(",").map((name) => TCP_OPTIONS[name] ?? parseNumber(name, BYTE));
  // 0 and 1 end and fill the list of options.
  const known = numbers.filter((each): each is number => each !== null && each > 1);
  return known.length < numbers.length ? null : [...new Set(known)].sort((a, b) => a - b).join(",");
}

/** Gives a class of traffic control, `MAJOR:MINOR` in hexadecimal, as CLASSIFY prints it: `0001:0010`; null if it is not one. */
export function printClass(given: string): string | null {
  const found = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(given);
  return found ? `${found[1]?.padStart(4, "0")}:${found[2]?.padStart(4, "0")}`.toLowerCase() : null;
}
