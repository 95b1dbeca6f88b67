import { isList, isObject, type Json, type JsonObject, listOf } from "./ast.ts";
import { readTokens, type Token } from "./lexer.ts";
import {
  endRule,
  fail,
  isNext,
  NftSyntaxError,
  openTextReader,
  peek,
  placed,
  recover,
  skipEnds,
  type TextReader,
  take,
  takeExpected,
  takeIf,
  type UnnamedChain,
} from "./text-reader.ts";

type ReadRule = (reader: TextReader) => JsonObject;

/** Says whether `jump {` or `goto {` is next: a chain that stands in its rule and has no name. */
export function startsUnnamedChain(reader: TextReader): boolean {
  return isNext(reader, "jump", "goto") && peek(reader, 1).text === "{" && peek(reader, 1).kind !== "string";
}

/**
 * Reads `jump { meta l4proto tcp redirect to :15001 }` as a jump to a chain that gets a name, as in the kernel: `__chain0`. The reader
 * keeps the chain until {@link addUnnamedChains} adds it to the table of its rule.
 */
export function readUnnamedChain(reader: TextReader, readRule: ReadRule): Json {
  const token = take(reader);
  const brace = peek(reader);
  takeExpected(reader, "{");
  const chain: UnnamedChain = { token: brace, name: takeChainName(reader), rules: [] };
  reader.unnamed.push(chain);
  // EOPNOTSUPP: a chain that a rule holds takes no further rules (nf_tables_newrule in net/netfilter/nf_tables_api.c).
  if (reader.isInUnnamed)
    fail(brace, "A chain in braces cannot hold another one; the kernel refuses it. Give the inner chain a name.");
  reader.isInUnnamed = true;
  try {
    readRules(reader, brace, () => chain.rules.push(readRule(reader)));
  } finally {
    reader.isInUnnamed = false;
  }
  return placed(reader, token, { [token.text]: { target: chain.name } });
}

function readRules(reader: TextReader, brace: Token, readNext: () => void): void {
  for (skipEnds(reader); !takeIf(reader, "}"); skipEnds(reader)) {
    if (peek(reader).kind === "end") fail(brace, 'This "{" is not closed; a "}" is missing.');
    recover(reader, () => {
      readNext();
      endRule(reader);
    });
  }
}

/** Gives the next name that the text has nowhere. */
function takeChainName(reader: TextReader): string {
  while (reader.text.includes(`__chain${reader.nextUnnamed}`)) reader.nextUnnamed++;
  return `__chain${reader.nextUnnamed++}`;
}

/** A rule with such chains on one line: `tcp dport 80 jump { meta skuid 1337 return; drop; }`. */
export function onOneLine(text: string): string {
  // What stands behind `#`, such as a handle, would take the rest of the line with it.
  const lines = text.split("\n").map((line) => line.replace(/(?:^|[ \t])#[^"]*$/, "").trim());
  const filled = lines.filter((line) => line !== "" && line !== ";");
  return filled.map((line, i) => (i === filled.length - 1 || /[{},;]$/.test(line) ? line : `${line};`)).join(" ");
}

/** Adds the chains that the reader has met in a rule, with their rules, to the parts of the rule's table. */
export function addUnnamedChains(reader: TextReader, place: JsonObject, parts: Json[]): void {
  if (reader.unnamed.length === 0) return;
  const own = { family: place.family ?? "ip", table: place.table ?? "" };
  for (const { token, name, rules } of reader.unnamed.splice(0)) {
    parts.push(placed(reader, token, { chain: placed(reader, token, { ...own, name }) }));
    for (const rule of rules) {
      const at = reader.places.get(rule) ?? token;
      parts.push(placed(reader, token, { rule: placed(reader, at, { ...own, chain: name, ...rule }) }));
    }
  }
}

/** Called for what is made of a piece of JSON, and stands in its place. */
type Replace = (piece: JsonObject, original: JsonObject) => void;

/**
 * `nft -j` prints such a chain as the text of its statement, since its JSON has no form for it. Gives the list with these chains and their
 * rules behind the others. Any other statement that is a text, such as `update @m { ip saddr : meta mark }`, is not understood.
 */
export function nameChainsInJson(
  list: readonly Json[],
  readStatement: (reader: TextReader) => Json,
  replace: Replace,
): readonly Json[] {
  const added: Json[] = [];
  let next = countTaken(list);
  const named = list.map((entry) => {
    const rule = isObject(entry) ? entry["rule"] : undefined;
    if (!isObject(entry) || !isObject(rule) || !isList(rule["expr"])) return entry;
    const expr = rule["expr"].map((statement) => {
      if (typeof statement !== "string") return statement;
      const read = readText(statement, next, readStatement);
      if (read === null) return { verbatim: statement };
      const from = added.length;
      addUnnamedChains(read.reader, rule, added);
      for (const part of added.slice(from)) if (isObject(part)) replaceParts(part, rule, replace);
      next = read.reader.nextUnnamed;
      return read.statement;
    });
    if (expr.every((statement, i) => statement === listOf(rule, "expr")[i])) return entry;
    const whole = { ...rule, expr };
    replace(whole, rule);
    return { ...entry, rule: whole };
  });
  return [...named, ...added];
}

/** Gives a number from which on no chain of the list has it behind `__chain`. */
function countTaken(list: readonly Json[]): number {
  const numbers = list.flatMap((entry) => {
    const chain = isObject(entry) && isObject(entry["chain"]) ? entry["chain"] : null;
    return /^__chain(\d+)$/.exec(String(chain?.["name"]))?.[1] ?? [];
  });
  return Math.max(-1, ...numbers.map(Number)) + 1;
}

function replaceParts(part: JsonObject, rule: JsonObject, replace: Replace): void {
  for (const piece of [part, ...Object.values(part)]) if (isObject(piece)) replace(piece, rule);
}

function readText(text: string, nextUnnamed: number, readStatement: (reader: TextReader) => Json) {
  const { tokens, faults } = readTokens(text);
  const reader = { ...openTextReader(text, tokens), nextUnnamed };
  if (!startsUnnamedChain(reader)) return null;
  try {
    const statement = readStatement(reader);
    const isWhole = faults.length === 0 && reader.faults.length === 0 && peek(reader).kind === "end";
    return isWhole ? { statement, reader } : null;
  } catch (error) {
    if (error instanceof NftSyntaxError) return null;
    throw error;
  }
}
