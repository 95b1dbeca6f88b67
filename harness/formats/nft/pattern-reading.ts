import { NO_LOOKUPS } from "../../model/name-lookups.ts";
import { listMatches, listTargets } from "../../model/rule-parts.ts";
import type { TableFamily } from "../../model/ruleset.ts";
import type { Json, NftContext } from "./ast.ts";
import type { Token } from "./lexer.ts";
import { readRuleBody } from "./read-rule.ts";
import { Unread } from "./text-expression.ts";
import { isNext, NftSyntaxError, openTextReader, type RuleBody, type TextReader } from "./text-reader.ts";
import { readStatement } from "./text-rule.ts";

/** A text whose rules are read as alike. */
export interface PatternReading {
  readonly reader: TextReader;
  readonly contexts: Readonly<Record<TableFamily, NftContext>>;
  /** Whether something that was read is wrong: what, those tell who read the rule word by word. */
  isWrong: boolean;
}

/** Opens a text for patterns. They know no set and no name of the machine: rules with these are not alike. */
export function openPatternReading(text: string, tokens: readonly Token[]): PatternReading {
  const tell = () => {
    reading.isWrong = true;
  };
  const open = (family: TableFamily): NftContext => ({ ...NO_LOOKUPS, tell, sets: new Map(), family });
  const reading: PatternReading = {
    reader: openTextReader(text, tokens),
    contexts: { ip: open("ip"), ip6: open("ip6"), inet: open("inet") },
    isWrong: false,
  };
  return reading;
}

/** One statement with its words, from one up to another. */
export interface PlacedStatement {
  readonly statement: Json;
  readonly from: number;
  readonly stop: number;
}

/** Reads the statements from one word up to another, or to a comment; null where they are not statements that are understood. */
export function takeApart({ reader }: PatternReading, from: number, stop: number): readonly PlacedStatement[] | null {
  const placed: PlacedStatement[] = [];
  reader.places.clear();
  reader.at = from;
  try {
    while (reader.at < stop && !isNext(reader, "comment")) {
      const first = reader.at;
      placed.push({ statement: readStatement(reader), from: first, stop: reader.at });
    }
  } catch (error) {
    if (error instanceof NftSyntaxError || error instanceof Unread) return null;
    throw error;
  }
  return reader.at <= stop ? placed : null;
}

/** Reads statements; null where one is wrong or not understood. */
export function readKnown(statements: readonly Json[], reading: PatternReading, context: NftContext): RuleBody | null {
  reading.isWrong = false;
  const read = readRuleBody(statements, undefined, context);
  const isUnknown = [...listMatches(read), ...listTargets(read)].some(({ kind }) => kind === "unknown");
  return reading.isWrong || isUnknown ? null : read;
}
