import type { Rule, TableFamily } from "../../model/ruleset.ts";
import type { Json, JsonObject } from "./ast.ts";
import type { Token } from "./lexer.ts";
import { endsRule } from "./rule-shape.ts";

/** What is wrong with a text, at the word where it shows. */
export class NftSyntaxError extends Error {
  readonly token: Token;

  constructor(token: Token, message: string) {
    super(message);
    this.token = token;
  }
}

/** What a name was defined as. */
export interface Definition {
  readonly value: Json;
  /** How many values stand in it, those of the names in it included. */
  readonly size: number;
}

/** A chain that stands in braces in its rule, `jump { … }`, with the name it gets, and its rules without their place. */
export interface UnnamedChain {
  /** The brace that opens it. */
  readonly token: Token;
  readonly name: string;
  readonly rules: JsonObject[];
}

/** What a rule is, without where it stands. */
export type RuleBody = Pick<Rule, "matches" | "target" | "counters">;

/** A rule that was read as others of its shape. */
export interface AlikeRule {
  readonly read: RuleBody;
  /** Its statements by their kind alone, for what asks for no more. */
  readonly kinds: readonly Json[];
  /** The place of the word behind it. */
  readonly stop: number;
}

/** Reads rules that differ in their values alone as one. */
export interface AlikeRules {
  /**
   * Reads the rule that begins at the word with this number; null where it has to be read word by word, since it is the first of its shape,
   * or something about it is unusual or wrong.
   */
  read(from: number, family: TableFamily): AlikeRule | null;
}

/** Words of a text that are read one after another, and what has been defined so far. */
export interface TextReader {
  readonly text: string;
  readonly tokens: readonly Token[];
  at: number;
  /** What `define` has given names, each with the number of values that it holds. */
  readonly defined: Map<string, Definition>;
  /** How many values the names used so far stand for. */
  expanded: number;
  /** Where what was read stands. */
  readonly places: Map<Json, Token>;
  /** What was wrong so far, and was left behind. */
  readonly faults: NftSyntaxError[];
  /** Reads rules that are like those before them; null where each is read word by word. */
  readonly alike: AlikeRules | null;
  /** The rules that it has read, by what stands for them among the commands: their place, and their statements by kind alone. */
  readonly readRules: Map<JsonObject, Rule>;
  /** The texts of other rules. */
  readonly ruleTexts: Map<Json, string>;
  /** Handles that `nft -a list ruleset` writes behind rules, by the list of a rule's statements. */
  readonly handles: Map<Json, number>;
  /** The chains without names that are in no table yet, and the number that the next one gets. */
  readonly unnamed: UnnamedChain[];
  nextUnnamed: number;
  /** Whether the next word stands in one of them. */
  isInUnnamed: boolean;
}

/** Opens a text for reading, at its first word. */
export function openTextReader(text: string, tokens: readonly Token[], alike: AlikeRules | null = null): TextReader {
  return {
    text,
    tokens,
    at: 0,
    defined: new Map(),
    expanded: 0,
    places: new Map(),
    faults: [],
    alike,
    readRules: new Map(),
    ruleTexts: new Map(),
    handles: new Map(),
    unnamed: [],
    nextUnnamed: 0,
    isInUnnamed: false,
  };
}

/** Gives the word that is next, or one behind it. */
export function peek(reader: TextReader, ahead = 0): Token {
  return reader.tokens[Math.min(reader.at + ahead, reader.tokens.length - 1)] as Token;
}

/** Takes the next word; at the end of the text it gives that end again and again. */
export function take(reader: TextReader): Token {
  const token = peek(reader);
  if (token.kind !== "end") reader.at++;
  return token;
}

/** Says whether the next word is one of some, outside quotes. */
export function isNext(reader: TextReader, ...texts: readonly string[]): boolean {
  const { kind, text } = peek(reader);
  return kind !== "string" && kind !== "end" && texts.includes(text);
}

/** Takes the next word if it is one of some; says whether it was. */
export function takeIf(reader: TextReader, ...texts: readonly string[]): boolean {
  const isThere = isNext(reader, ...texts);
  if (isThere) reader.at++;
  return isThere;
}

/** Takes the next word, which must be this one. */
export function takeExpected(reader: TextReader, text: string): void {
  if (!takeIf(reader, text)) fail(peek(reader), `${describeToken(peek(reader))} stands where "${text}" is needed.`);
}

/** Takes the next word, which must be a name; quotes are taken off. */
export function takeName(reader: TextReader, what: string): string {
  const token = take(reader);
  if (token.kind === "word" || token.kind === "string") return token.text;
  return fail(token, `${describeToken(token)} stands where ${what} is needed.`);
}

/** Refuses the text at a word: throws an NftSyntaxError, which becomes a finding with the word's line and column. */
export function fail(token: Token, message: string): never {
  throw new NftSyntaxError(token, message);
}

/** Names a word in a message. */
export function describeToken({ kind, text }: Token): string {
  if (kind === "end") return "The end of the text";
  return text === "\n" ? "The end of the line" : `"${text}"`;
}

/** Takes the ends of lines, and semicolons. */
export function skipEnds(reader: TextReader): void {
  for (let token = peek(reader); isEnd(token); token = peek(reader)) reader.at++;
}

function isEnd({ kind, text }: Token): boolean {
  return kind === "sign" && (text === "\n" || text === ";");
}

/** Says that a rule must end here, by the end of its line, `;` or `}`. */
export function endRule(reader: TextReader): void {
  const token = peek(reader);
  if (!endsRule(token)) fail(token, `${describeToken(token)} stands where a rule should end.`);
}

/**
 * Reads something. Where it is wrong that is noted, and reading goes on behind the line's end, so that every fault is told at once; a brace
 * that opens on the line that is left is closed as well.
 */
export function recover(reader: TextReader, read: () => void): void {
  const start = reader.at;
  try {
    read();
  } catch (error) {
    if (!(error instanceof NftSyntaxError)) throw error;
    reader.faults.push(error);
    if (reader.at === start) take(reader);
    skipLine(reader);
  }
}

function skipLine(reader: TextReader): void {
  for (let depth = 0; peek(reader).kind !== "end"; ) {
    if (depth === 0 && isNext(reader, "\n", ";", "}")) return;
    const { text } = take(reader);
    if (text === "{") depth++;
    if (text === "}") depth--;
  }
}

/**
 * Notes at which word a piece of the JSON was read, so that later findings about it have a line and column; gives the piece back.
 */
export function placed<T extends Json>(reader: TextReader, token: Token, node: T): T {
  if (typeof node === "object" && node !== null) reader.places.set(node, token);
  return node;
}
