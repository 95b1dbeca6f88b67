// Long because each command of nft(8) has its grammar here.
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import { NO_LOOKUPS } from "../../model/name-lookups.ts";
import { openAlikeRules } from "./alike-rules.ts";
import { countValues, isObject, type Json, type JsonObject } from "./ast.ts";
import { readTokens, type Token } from "./lexer.ts";
import { noteReadRules } from "./read-before.ts";
import type { NftReadOptions } from "./read-json.ts";
import { type NftTables, readTables } from "./read-ruleset.ts";
import { readNumber, readRight, readTime, readValueText } from "./text-expression.ts";
import {
  describeToken,
  endRule,
  fail,
  isNext,
  openTextReader,
  peek,
  placed,
  recover,
  skipEnds,
  type TextReader,
  take,
  takeExpected,
  takeIf,
  takeName,
} from "./text-reader.ts";
import { readAlikeRule, readElements, readPlacedRule } from "./text-rule.ts";
import { addUnnamedChains } from "./unnamed-chains.ts";

const FAMILIES = ["ip", "ip6", "inet", "arp", "bridge", "netdev"];

/**
 * Reads what `nft list ruleset` prints, or a file that `nft -f` takes (nft(8)): tables in braces, commands (`add rule`), `define` and
 * comments. `include` is refused. Findings have the line and column of what is wrong.
 */
export function readNftText(
  text: string,
  { where, names = NO_LOOKUPS, timedSets = "unknown" }: NftReadOptions,
): Parsed<NftTables> {
  const { tokens, faults } = readTokens(text);
  const reader = openTextReader(text, tokens, openAlikeRules(text, tokens));
  const findings: Finding[] = faults.map(({ token, message }) =>
    codedFinding("rule-fault", where, message, token.line, token.column),
  );
  const commands: Json[] = [];
  for (skipEnds(reader); peek(reader).kind !== "end"; skipEnds(reader))
    recover(reader, () => readCommand(reader, commands));
  for (const { message, token } of reader.faults)
    findings.push(codedFinding("rule-fault", where, message, token.line, token.column));
  const value = readTables(commands, {
    ...names,
    timedSets,
    tell: (node, message) => {
      const place = reader.places.get(node);
      findings.push(codedFinding("rule-fault", where, message, place?.line ?? null, place?.column ?? null));
    },
    placeOf: (node) => {
      const place = reader.places.get(node);
      return { line: place?.line ?? null, column: place?.column ?? null, path: null };
    },
    ruleOf: (body) => reader.readRules.get(body) ?? null,
    textOfRule: ({ expr }) => reader.ruleTexts.get(expr ?? null) ?? null,
    handleOfRule: ({ expr }) => reader.handles.get(expr ?? null) ?? null,
  });
  if (findings.length === 0) {
    noteReadRules(value.tables, reader.readRules);
    return { ok: true, value };
  }
  const inOrder = findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return { ok: false, findings: inOrder };
}

function readCommand(reader: TextReader, commands: Json[]): void {
  const token = peek(reader);
  if (isNext(reader, "}")) fail(token, 'This "}" closes nothing.');
  if (isNext(reader, "include"))
    fail(token, "landfall does not follow include; insert the included rules in its place.");
  if (takeIf(reader, "define", "redefine")) readDefinition(reader);
  else if (takeIf(reader, "undefine")) reader.defined.delete(takeName(reader, "a name"));
  else if (isNext(reader, "table")) readTable(reader, "add", commands);
  else readObject(reader, takeVerb(reader), token, commands);
}

const VERBS = ["add", "create", "insert", "flush", "delete", "destroy", "replace", "rename"];

function takeVerb(reader: TextReader): string {
  const token = take(reader);
  if (token.text === "list" || token.text === "reset")
    fail(token, `${token.text} only lists rules; give the rules themselves.`);
  if (!VERBS.includes(token.text)) fail(token, `${describeToken(token)} is not a command of nftables.`);
  return token.text;
}

function readDefinition(reader: TextReader): void {
  const name = takeName(reader, "a name");
  takeExpected(reader, "=");
  const value = readRight(reader);
  reader.defined.set(name, { value, size: countValues(value) });
}

function readFamily(reader: TextReader): string {
  return isNext(reader, ...FAMILIES) && !["\n", ";", "{"].includes(peek(reader, 1).text) ? take(reader).text : "ip";
}

function readObject(reader: TextReader, verb: string, token: Token, commands: Json[]): void {
  if (isNext(reader, "table")) {
    readTable(reader, verb, commands);
    return;
  }
  const at = commands.length;
  const [kind, body] = takeIf(reader, "ruleset") ? (["ruleset", {}] as const) : readNamed(reader, commands);
  // The rules of a chain in braces come behind it.
  commands.splice(at, 0, placed(reader, token, { [verb]: { [kind]: placed(reader, token, body) } }));
}

function readNamed(reader: TextReader, commands: Json[]): readonly [kind: string, body: JsonObject] {
  const kind = startsObject(reader) || isNext(reader, "rule", "element") ? takeKind(reader) : "rule";
  const family = readFamily(reader);
  const table = takeName(reader, "a table's name");
  const name = takeName(reader, kind === "rule" ? "a chain's name" : `the name of a ${kind}`);
  if (kind === "rule") {
    const rule = readOwnRule(reader, { family, table, chain: name });
    addUnnamedChains(reader, rule, commands);
    return [kind, rule];
  }
  if (kind === "element") return [kind, { family, table, name, elem: readElements(reader) }];
  return [kind, readBraced(reader, bodyOf(kind), { family, table, name }, commands)];
}

/** Reads `index 3` and `handle 4`, which name a place among the rules, and then the rule. */
function readOwnRule(reader: TextReader, place: JsonObject): JsonObject {
  const isPlaced = isNext(reader, "index", "handle", "position");
  const index = isPlaced ? { [take(reader).text === "index" ? "index" : "position"]: readNumber(reader) } : {};
  const first = peek(reader);
  return placed(reader, first, readRule(reader, { ...place, ...index }));
}

/** Reads a rule that stands in some place: as others like it where there were some. */
function readRule(reader: TextReader, place: JsonObject): JsonObject {
  return readAlikeRule(reader, place) ?? { ...place, ...readPlacedRule(reader) };
}

type ReadBody = (reader: TextReader, place: JsonObject, commands: Json[]) => JsonObject;

function readBraced(reader: TextReader, read: ReadBody, place: JsonObject, commands: Json[]): JsonObject {
  if (!takeIf(reader, "{")) return place;
  const body = read(reader, place, commands);
  takeExpected(reader, "}");
  return body;
}

function readTable(reader: TextReader, verb: string, commands: Json[]): void {
  const token = take(reader);
  const family = readFamily(reader);
  const isHandle = takeIf(reader, "handle");
  const name = isHandle
    ? fail(peek(reader), "A handle does not name a table here; write its name.")
    : takeName(reader, "a table's name");
  const body: { family: string; name: string; flags?: Json } = { family, name };
  const inner: Json[] = [];
  if (takeIf(reader, "{")) readTableBody(reader, body, inner);
  commands.push(placed(reader, token, { [verb]: { table: placed(reader, token, body) } }));
  // A call takes no hundred thousand arguments.
  for (const part of sortParts(inner)) commands.push(part);
}

/** Rules come behind all chains and sets, as nft adds them: a rule may name what stands further down. */
function sortParts(parts: readonly Json[]): readonly Json[] {
  const isRule = (part: Json) => isObject(part) && "rule" in part;
  return [...parts.filter((part) => !isRule(part)), ...parts.filter(isRule)];
}

function readTableBody(reader: TextReader, table: { family: string; name: string; flags?: Json }, parts: Json[]): void {
  const place = { family: table.family, table: table.name };
  for (skipEnds(reader); !takeIf(reader, "}"); skipEnds(reader)) {
    const token = peek(reader);
    if (token.kind === "end") fail(token, `The table ${table.name} is not closed; a "}" is missing.`);
    if (takeIf(reader, "flags")) table.flags = readRight(reader);
    else if (takeIf(reader, "comment")) takeName(reader, "a comment");
    else if (takeIf(reader, "define")) readDefinition(reader);
    else if (startsObject(reader)) {
      const kind = takeKind(reader);
      const name = takeName(reader, `the name of a ${kind}`);
      const at = parts.length;
      const body = readBraced(reader, bodyOf(kind), { ...place, name }, parts);
      parts.splice(at, 0, placed(reader, token, { [kind]: placed(reader, token, body) }));
    } else fail(token, `${describeToken(token)} does not belong into a table; that holds chains, sets and maps.`);
  }
}

/** What decides about packets only where a rule names it, and then nobody knows how (nft(8), STATEFUL OBJECTS and CT HELPER). */
const OPAQUE_OBJECTS = ["quota", "limit", "flowtable", "synproxy", "secmark"];
const CT_OBJECTS = ["helper", "timeout", "expectation"];

const OBJECTS = ["chain", "set", "map", "counter", ...OPAQUE_OBJECTS];

function startsObject(reader: TextReader): boolean {
  const { kind, text } = peek(reader);
  if (kind === "string") return false;
  return OBJECTS.includes(text) || (text === "ct" && CT_OBJECTS.includes(peek(reader, 1).text));
}

/** Takes `chain`, `set` or `ct helper`. */
function takeKind(reader: TextReader): string {
  const { text } = take(reader);
  return text === "ct" ? `ct ${take(reader).text}` : text;
}

function bodyOf(kind: string): ReadBody {
  if (kind === "chain") return readChainBody;
  return kind === "set" || kind === "map" || kind === "counter" ? readSetBody : readOpaqueBody;
}

/** Keeps the text between the braces. */
function readOpaqueBody(reader: TextReader, place: JsonObject): JsonObject {
  const first = peek(reader);
  let depth = 0;
  for (; depth > 0 || !isNext(reader, "}"); take(reader)) {
    const { kind, text } = peek(reader);
    if (kind === "end") fail(first, 'A "}" is missing behind this.');
    depth += text === "{" ? 1 : text === "}" ? -1 : 0;
  }
  return { ...place, text: reader.text.slice(first.start, peek(reader).start).trim() };
}

/** A name of a priority: its number, and the one hook at which nft knows it, null where it knows it at every one. */
interface NamedPriority {
  readonly number: number;
  readonly hook: string | null;
}

/** The names of priorities (nft(8), CHAINS). */
const PRIORITIES: ReadonlyMap<string, NamedPriority> = new Map([
  ["raw", { number: -300, hook: null }],
  ["mangle", { number: -150, hook: null }],
  ["dstnat", { number: -100, hook: "prerouting" }],
  ["filter", { number: 0, hook: null }],
  ["security", { number: 50, hook: null }],
  ["srcnat", { number: 100, hook: "postrouting" }],
]);
/** The same of tables of bridge. */
const BRIDGE_PRIORITIES: ReadonlyMap<string, NamedPriority> = new Map([
  ["dstnat", { number: -300, hook: "prerouting" }],
  ["filter", { number: -200, hook: null }],
  ["out", { number: 100, hook: "output" }],
  ["srcnat", { number: 300, hook: "postrouting" }],
]);

function readChainBody(reader: TextReader, place: JsonObject, parts: Json[]): JsonObject {
  let body: JsonObject = place;
  const rulePlace = { family: place.family ?? "ip", table: place.table ?? "", chain: place.name ?? "" };
  for (skipEnds(reader); !isNext(reader, "}"); skipEnds(reader)) {
    const token = peek(reader);
    if (token.kind === "end") fail(token, `The chain ${place.name} is not closed; a "}" is missing.`);
    recover(reader, () => {
      const own = CHAIN_WORDS.includes(token.text) ? readOwnPart(reader, place) : null;
      if (own === null) readChainRule(reader, rulePlace, token, parts);
      else body = { ...body, ...own };
    });
  }
  return body;
}

/** What may stand in a chain beside rules. */
const CHAIN_WORDS = ["type", "policy", "comment", "flags"];

/** Reads what a chain says of itself; null where a rule is next. */
function readOwnPart(reader: TextReader, place: JsonObject): JsonObject | null {
  if (isNext(reader, "type") && peek(reader, 2).text === "hook") return readHook(reader, place);
  if (takeIf(reader, "policy")) return { policy: takeName(reader, "accept or drop") };
  if (isNext(reader, "comment") && peek(reader, 1).kind === "string") reader.at += 2;
  else if (takeIf(reader, "flags")) takeName(reader, "a flag");
  else return null;
  return {};
}

function readChainRule(reader: TextReader, place: JsonObject, token: Token, parts: Json[]): void {
  parts.push({ rule: placed(reader, token, readRule(reader, place)) });
  addUnnamedChains(reader, place, parts);
  endRule(reader);
}

function readHook(reader: TextReader, { family }: JsonObject): JsonObject {
  take(reader);
  const type = takeName(reader, "a chain's type");
  takeExpected(reader, "hook");
  const hook = takeName(reader, "a hook");
  if (takeIf(reader, "device", "devices")) {
    takeIf(reader, "=");
    readRight(reader);
  }
  takeExpected(reader, "priority");
  const names = family === "bridge" ? BRIDGE_PRIORITIES : PRIORITIES;
  const known = [...names].filter(([, priority]) => priority.hook === null || priority.hook === hook);
  const prio = readPriority(reader, hook, new Map(known));
  takeIf(reader, ";");
  return { type, hook, prio };
}

/** Reads `-100`, `dstnat`, `filter + 10`, of a chain at a hook that has these names. */
function readPriority(reader: TextReader, hook: string, names: ReadonlyMap<string, NamedPriority>): number {
  const token = peek(reader);
  const isNegative = takeIf(reader, "-");
  const value = readValueText(reader);
  // A dash may be part of a word: filter-10.
  const [, word = "", joined = ""] = typeof value === "string" ? (/^([a-z]+)([+-]\d+)?$/.exec(value) ?? []) : [];
  const base = typeof value === "number" ? value : names.get(word)?.number;
  if (base === undefined)
    fail(
      token,
      `${describeToken(token)} is not a priority at ${hook}; use a number or ${[...names.keys()].join(", ")}, with + or - a number.`,
    );
  return (isNegative ? -base : base) + Number(joined) + readOffset(reader);
}

function readOffset(reader: TextReader): number {
  if (takeIf(reader, "-")) return -readNumber(reader);
  return takeIf(reader, "+") ? readNumber(reader) : 0;
}

function readSetBody(reader: TextReader, place: JsonObject): JsonObject {
  let body: JsonObject = place;
  for (skipEnds(reader); !isNext(reader, "}"); skipEnds(reader)) {
    const token = take(reader);
    const read = Object.hasOwn(SET_MEMBERS, token.text) ? SET_MEMBERS[token.text] : undefined;
    if (read === undefined)
      fail(token, `${describeToken(token)} does not belong here; a set has type, flags and elements.`);
    body = { ...body, [token.text === "elements" ? "elem" : token.text]: read(reader) };
  }
  return body;
}

/** What stands in a set, a map, or a named counter (nft(8), SETS, MAPS, STATEFUL OBJECTS). */
const SET_MEMBERS: Readonly<Record<string, (reader: TextReader) => Json>> = {
  type: readTypeText,
  typeof: readTypeText,
  flags: (reader) => [readRight(reader)].flat(),
  elements: (reader) => {
    takeExpected(reader, "=");
    return readElements(reader);
  },
  timeout: readTime,
  "gc-interval": readTime,
  size: readNumber,
  policy: (reader) => takeName(reader, "a word"),
  comment: (reader) => takeName(reader, "a comment"),
  "auto-merge": () => true,
  counter: () => true,
  packets: readNumber,
  bytes: readNumber,
};

/** A set's type is kept as it is written: `ipv4_addr . inet_service : verdict`. */
function readTypeText(reader: TextReader): string {
  const first = peek(reader);
  let last = first;
  while (!isNext(reader, "\n", ";", "}") && peek(reader).kind !== "end") last = take(reader);
  return reader.text.slice(first.start, last.stop);
}
