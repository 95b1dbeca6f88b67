import type { Match } from "../../model/match.ts";
import type { TableFamily } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { isObject, type Json, type NftContext, unwrap } from "./ast.ts";
import { typeOfKey } from "./key-types.ts";
import { type PatternReading, type PlacedStatement, readKnown, takeApart } from "./pattern-reading.ts";
import { isSlot } from "./rule-shape.ts";
import type { RuleBody } from "./text-reader.ts";

/** What some words of a rule make; places of words are counted from the rule's first. */
export interface Part<T> {
  readonly from: number;
  readonly stop: number;
  /** The words in which rules differ. */
  readonly slots: readonly number[];
  /** What the first rule has. */
  readonly own: T;
  /** What other values have made: rules share it. */
  readonly made: Map<string, T>;
}

/** A match; `form` is that of the value with which it compares one key, where this value is all in which it differs; else null. */
export interface MatchPart extends Part<Match> {
  readonly form: "number" | "address" | "prefix" | null;
}

/** The parts of the rules of one shape. */
export interface RulePattern {
  readonly context: NftContext;
  /** The statements by their kind alone: `[{ match: null }, { accept: null }]`. */
  readonly kinds: readonly Json[];
  readonly matches: readonly MatchPart[];
  /** The target with everything behind it; null for a rule that only matches. */
  readonly target: Part<Target> | null;
  /** The word that is the comment. */
  readonly comment: number | null;
  /** The words that are the packets and bytes of the first counter. */
  readonly counters: readonly [packets: number, bytes: number] | null;
}

/**
 * Gives the pattern of the rule from one word up to another; null where something about it is wrong or not understood, so that other values
 * may make another rule of it.
 */
export function makeRulePattern(
  reading: PatternReading,
  from: number,
  stop: number,
  family: TableFamily,
): RulePattern | null {
  const context = reading.contexts[family];
  const placed = takeApart(reading, from, stop);
  const comment = placed && findComment(reading, stop);
  if (placed === null || comment === "wrong") return null;
  const statements = placed.map(({ statement }) => statement);
  const read = readKnown(statements, reading, context);
  const counters = read && findCounters(placed, read, from);
  if (read === null || counters === "many") return null;
  const open = <T>(own: T, first: number, end: number): Part<T> => {
    const words = Array.from({ length: end - first }, (_, i) => first + i);
    const slots = words.filter((at) => isSlot(reading.reader.tokens, from + at) && !counters?.includes(at));
    return { from: first, stop: end, slots, own, made: new Map() };
  };
  const [first, last] = [placed[read.matches.length], placed.at(-1)];
  return {
    context,
    kinds: statements.map((statement) => ({ [unwrap(statement)?.[0] ?? ""]: null })),
    matches: placed.slice(0, read.matches.length).map((one, i): MatchPart => {
      const part = open(read.matches[i] as Match, one.from - from, one.stop - from);
      return { ...part, form: findForm(one.statement, part) };
    }),
    target: read.target && first && last ? open(read.target, first.from - from, last.stop - from) : null,
    comment: comment === null ? null : comment - from,
    counters,
  };
}

/** Gives the word that is the rule's comment, of which all statements are read: it has to come last. */
function findComment({ reader: { tokens, at } }: PatternReading, stop: number): number | null | "wrong" {
  if (at === stop) return null;
  const kind = tokens[at + 1]?.kind;
  return at + 2 === stop && (kind === "string" || kind === "word") ? at + 1 : "wrong";
}

/** Gives the words that are a rule's packets and bytes, `counter packets 3 bytes 180`; `many` where several statements could have them. */
function findCounters(
  placed: readonly PlacedStatement[],
  { counters }: RuleBody,
  from: number,
): RulePattern["counters"] | "many" {
  if (counters === undefined) return null;
  const [only, ...others] = placed.filter(({ statement }) => unwrap(statement)?.[0] === "counter");
  return only && others.length === 0 && only.stop - only.from === 5
    ? [only.from + 2 - from, only.from + 4 - from]
    : "many";
}

/** Gives the form of the value with which a match compares one key, where this value is all that differs and stands at its end. */
function findForm(statement: Json, { own, slots, stop }: Part<Match>): MatchPart["form"] {
  const [kind, body] = unwrap(statement) ?? [];
  if (own.kind !== "compare" || kind !== "match" || !isObject(body)) return null;
  const [key, ...others] = own.keys;
  const type = key && typeOfKey(key);
  const isPlain = key?.mask === null && others.length === 0 && (type?.kind === "number" || type?.kind === "address");
  if (!isPlain) return null;
  const { right } = body;
  const isLast = slots.length === 1 && slots[0] === stop - 1;
  if (isLast && typeof right === "number") return "number";
  if (isLast && typeof right === "string") return "address";
  return slots.length === 2 && slots[0] === stop - 3 && unwrap(right)?.[0] === "prefix" ? "prefix" : null;
}
