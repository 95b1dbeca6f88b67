// Long because each statement of nft(8) has its grammar here.
import { TABLE_FAMILIES } from "../../model/ruleset.ts";
import { isList, isObject, type Json, type JsonObject, textOf, unwrap } from "./ast.ts";
import { readKey, typeOfKey } from "./key-types.ts";
import type { Token } from "./lexer.ts";
import { REJECT_ERRORS } from "./reject-errors.ts";
import { renderExpression } from "./render-text.ts";
import { endsRule } from "./rule-shape.ts";
import {
  readMapData,
  readNumber,
  readRangeText,
  readRight,
  readSelector,
  readSet,
  readTime,
  readValueText,
  readVerdict,
  startsSelector,
  Unread,
} from "./text-expression.ts";
import {
  describeToken,
  fail,
  isNext,
  peek,
  placed,
  type TextReader,
  take,
  takeExpected,
  takeIf,
  takeName,
} from "./text-reader.ts";
import { onOneLine, readUnnamedChain, startsUnnamedChain } from "./unnamed-chains.ts";

/** Statements that are known by name alone: kept as text, with what follows them in their rule. */
const OTHER_STATEMENTS = [
  "queue",
  "dup",
  "fwd",
  "synproxy",
  "flow",
  "reset",
  "xt",
  "set",
  "meter",
  "tunnel",
  "secmark",
  "delete",
];

/** What `nft -a` writes behind a rule. */
const HANDLE = /[ \t]*# handle (\d+)[ \t]*$/my;

/** Reads a rule with its place in the text, its own text, and its handle. */
export function readPlacedRule(reader: TextReader): JsonObject {
  const first = peek(reader);
  const chains = reader.unnamed.length;
  const rule = readRuleText(reader);
  const last = reader.tokens[Math.max(reader.at - 1, 0)] as Token;
  const body = placed(reader, first, { ...rule });
  const text = reader.text.slice(first.start, Math.max(last.stop, first.start));
  reader.ruleTexts.set(rule.expr, reader.unnamed.length > chains ? onOneLine(text) : text);
  const handle = findHandle(reader, last);
  if (handle !== null) reader.handles.set(rule.expr, handle);
  return body;
}

/** Gives the handle that stands in a comment behind the last word of a rule. */
function findHandle({ text }: TextReader, last: Token): number | null {
  HANDLE.lastIndex = last.stop;
  const handle = HANDLE.exec(text)?.[1];
  return handle === undefined ? null : Number(handle);
}

/**
 * Reads a rule as those of the same shape before it; null where it has to be read word by word. What stands for it among the commands has
 * its place, and its statements by their kind alone.
 */
export function readAlikeRule(reader: TextReader, place: JsonObject): JsonObject | null {
  const { alike, tokens, at } = reader;
  const family = TABLE_FAMILIES.find((known) => known === place.family);
  const found = alike && family ? alike.read(at, family) : null;
  if (found === null) return null;
  const [first, last] = [tokens[at] as Token, tokens[found.stop - 1] as Token];
  const handle = findHandle(reader, last);
  const text = reader.text.slice(first.start, last.stop);
  const body = { ...place, expr: found.kinds };
  const { line } = first;
  reader.readRules.set(body, handle === null ? { ...found.read, line, text } : { ...found.read, line, handle, text });
  reader.at = found.stop;
  return body;
}

/** Reads a rule up to the end of its line, `;` or `}`: its statements and comment. */
function readRuleText(reader: TextReader): { readonly expr: readonly Json[]; readonly comment?: string } {
  const expr: Json[] = [];
  let comment: string | null = null;
  while (!endsRule(peek(reader))) {
    if (takeIf(reader, "comment")) comment = takeName(reader, "a comment");
    else expr.push(readStatementOrRest(reader));
  }
  return comment === null ? { expr } : { expr, comment };
}

/** What is known by name alone is kept as text up to the end of the rule: nobody knows what it decides. */
function readStatementOrRest(reader: TextReader): Json {
  const first = peek(reader);
  const start = reader.at;
  try {
    return placed(reader, first, readStatement(reader));
  } catch (error) {
    if (!(error instanceof Unread)) throw error;
    reader.at = start;
    let [last, depth] = [first, 0];
    while (peek(reader).kind !== "end" && !(depth === 0 && endsRule(peek(reader)))) {
      last = take(reader);
      if (last.text === "{") depth++;
      if (last.text === "}") depth--;
    }
    return placed(reader, first, { verbatim: reader.text.slice(first.start, last.stop) });
  }
}

/**
 * Reads one statement of nft(8) as the JSON that `nft -j` prints for it. Throws an NftSyntaxError for what is no statement, and Unread for
 * one that is not understood, so that the whole rule is kept as text.
 */
export function readStatement(reader: TextReader): Json {
  if (startsUnnamedChain(reader)) return readUnnamedChain(reader, readPlacedRule);
  const verdict = readVerdict(reader);
  if (verdict !== null) return verdict;
  if (isNext(reader, "ct") && peek(reader, 1).text === "count") return readConnectionCount(reader);
  if (startsSelector(reader)) return readSelected(reader);
  const token = take(reader);
  const read = token.kind === "word" && Object.hasOwn(STATEMENTS, token.text) ? STATEMENTS[token.text] : undefined;
  if (read !== undefined) return read(reader);
  if (OTHER_STATEMENTS.includes(token.text)) throw new Unread();
  const isName = token.kind === "word";
  return fail(
    token,
    `${describeToken(token)} ${isName ? "is not a statement of nftables" : "stands where a statement of nftables should begin"}.`,
  );
}

function readConnectionCount(reader: TextReader): Json {
  take(reader);
  take(reader);
  const inv = takeIf(reader, "over");
  return { "ct count": { val: readNumber(reader), ...(inv ? { inv } : {}) } };
}

const OPERATORS = ["==", "!=", "<", ">", "<=", ">=", "!"];

/** Reads a statement that begins with an expression: a comparison, a map of verdicts, or `set`. */
function readSelected(reader: TextReader): Json {
  const left = readSelector(reader);
  if (takeIf(reader, "set")) return { mangle: { key: left, value: readNewValue(reader, left) } };
  if (takeIf(reader, "vmap")) return { vmap: { key: left, data: readMapData(reader) } };
  const op = isNext(reader, ...OPERATORS, "eq", "ne", "lt", "gt", "le", "ge") ? take(reader).text : null;
  const right = readPresence(left, readClass(reader, left) ?? readRight(reader));
  const known = op === null ? null : ({ eq: "==", ne: "!=", lt: "<", gt: ">", le: "<=", ge: ">=" }[op] ?? op);
  // `tcp flags syn / syn,ack` compares the bits behind the slash.
  if (hasFlags(left) && takeIf(reader, "/"))
    return { match: { op: known ?? "==", left: { "&": [left, readRight(reader)] }, right } };
  return { match: { op: known ?? (hasFlags(left) && !isSet(right) ? "in" : "=="), left, right } };
}

/** Reads a class of traffic control, which a priority may be: `1:2`, both in hexadecimal. Null where none is next. */
function readClass(reader: TextReader, left: Json): Json {
  const [kind, body = null] = unwrap(left) ?? [];
  const isHex = (ahead: number) => /^[0-9a-f]{1,4}$/i.test(peek(reader, ahead).text);
  const isClass = isHex(0) && peek(reader, 1).text === ":" && isHex(2);
  if (kind !== "meta" || textOf(body, "key") !== "priority" || !isClass) return null;
  return [take(reader), take(reader), take(reader)].map(({ text }) => text).join("");
}

/** `exists` and `missing` are true and false in nft's JSON. */
function readPresence(left: Json, right: Json): Json {
  const body = unwrap(left)?.[0] === "fib" ? unwrap(left)?.[1] : null;
  if (textOf(body ?? null, "result") === "type" || (right !== "exists" && right !== "missing")) return right;
  return body === null ? right : right === "exists";
}

function hasFlags(left: Json): boolean {
  const key = readKey(left);
  return key !== null && typeOfKey(key).kind === "flags";
}

function isSet(right: Json): boolean {
  return unwrap(right)?.[0] === "set" || (typeof right === "string" && right.startsWith("@"));
}

/** Reads what a mark or the like is set to: a value, an expression with masks, or a map. */
function readNewValue(reader: TextReader, left: Json): Json {
  const held = readClass(reader, left);
  if (held !== null) return held;
  // `(meta mark & 0xff) | 0x100`: what stands in brackets may be an expression as well as bits of a value.
  const isGrouped = isNext(reader, "(") && startsSelector(reader, 1);
  if (!isGrouped && !startsSelector(reader)) return readRight(reader);
  const value = readSelector(reader);
  return takeIf(reader, "map") ? { map: { key: value, data: readMapData(reader) } } : value;
}

type Read = (reader: TextReader) => Json;

const STATEMENTS: Readonly<Record<string, Read>> = {
  counter: (reader) => {
    if (takeIf(reader, "name")) return { counter: String(readValueText(reader)) };
    const packets = takeIf(reader, "packets") ? readNumber(reader) : null;
    const bytes = takeIf(reader, "bytes") ? readNumber(reader) : null;
    return { counter: packets === null || bytes === null ? null : { packets, bytes } };
  },
  notrack: () => ({ notrack: null }),
  log: readLog,
  limit: readLimit,
  quota: readQuota,
  reject: readReject,
  redirect: (reader) => ({ redirect: orNull({ ...readToPort(reader), ...readFlags(reader) }) }),
  masquerade: (reader) => ({ masquerade: orNull({ ...readToPort(reader), ...readFlags(reader) }) }),
  dnat: (reader) => ({ dnat: readTranslation(reader) }),
  snat: (reader) => ({ snat: readTranslation(reader) }),
  tproxy: (reader) => ({ tproxy: readTranslation(reader) }),
  add: (reader) => readSetChange(reader, "add"),
  update: (reader) => readSetChange(reader, "update"),
};

function orNull(body: Readonly<Record<string, Json>>): Json {
  return Object.keys(body).length === 0 ? null : body;
}

/** An element that is added with more than a time (`limit rate over 9/second`, a map's value) is not understood. */
function readSetChange(reader: TextReader, op: string): Json {
  const set = takeName(reader, "a set's name");
  if (!set.startsWith("@")) throw new Unread();
  takeExpected(reader, "{");
  const first = peek(reader);
  const val = readSelector(reader);
  const elem = takeIf(reader, "timeout") ? { elem: { val, timeout: readTime(reader) } } : val;
  if (!takeIf(reader, "}")) throw new Unread();
  return { set: { op, elem: placed(reader, first, elem), set } };
}

function readLog(reader: TextReader): Json {
  const options: Record<string, Json> = {};
  while (isNext(reader, "prefix", "level", "group", "snaplen", "queue-threshold", "flags")) {
    const name = take(reader).text;
    if (name === "flags") {
      const flags = [takeName(reader, "a flag of log")];
      while (isNext(reader, "sequence", "options", ",")) flags.push(take(reader).text);
      options[name] = flags.length === 1 ? (flags[0] ?? null) : flags;
    } else options[name] = readValueText(reader);
  }
  return { log: orNull(options) };
}

function readLimit(reader: TextReader): Json {
  if (takeIf(reader, "name")) return { limit: String(readValueText(reader)) };
  takeExpected(reader, "rate");
  const inv = takeIf(reader, "over");
  const rate = readNumber(reader);
  // `1/second` is read as a number, and `10 mbytes/second` has one word behind it.
  const unit = takeIf(reader, "/") ? [null, takeName(reader, "a time")] : takeName(reader, "a unit").split("/");
  const [bytes, per = ""] = unit;
  const burst = takeIf(reader, "burst")
    ? { burst: readNumber(reader), burst_unit: takeName(reader, "packets or bytes") }
    : {};
  return { limit: { rate, ...(bytes ? { rate_unit: bytes } : {}), per, ...burst, ...(inv ? { inv } : {}) } };
}

function readQuota(reader: TextReader): Json {
  if (takeIf(reader, "name")) return { quota: String(readValueText(reader)) };
  const inv = takeIf(reader, "over");
  if (!inv) takeIf(reader, "until");
  const amount = { val: readNumber(reader), val_unit: takeName(reader, "a unit of bytes") };
  const used = takeIf(reader, "used")
    ? { used: readNumber(reader), used_unit: takeName(reader, "a unit of bytes") }
    : {};
  return { quota: { ...amount, ...used, ...(inv ? { inv } : {}) } };
}

function readReject(reader: TextReader): Json {
  if (!takeIf(reader, "with")) return { reject: null };
  if (takeIf(reader, "tcp")) {
    takeExpected(reader, "reset");
    return { reject: { type: "tcp reset" } };
  }
  const token = peek(reader);
  const type = takeName(reader, "icmp, icmpv6, icmpx or tcp reset");
  if (REJECT_ERRORS[type] === undefined)
    fail(token, `"${type}" stands where icmp, icmpv6, icmpx or tcp reset is needed.`);
  takeIf(reader, "type");
  const expr = peek(reader).kind === "number" ? readNumber(reader) : takeName(reader, "an ICMP error");
  return { reject: placed(reader, token, { type, expr }) };
}

function readToPort(reader: TextReader): Readonly<Record<string, Json>> {
  if (!takeIf(reader, "to")) return {};
  takeIf(reader, ":");
  return { port: readMapped(reader) };
}

/** Reads a value or range, or an expression with a map that chooses it. */
function readMapped(reader: TextReader): Json {
  if (!startsSelector(reader)) return readRangeText(reader);
  const key = readSelector(reader);
  takeExpected(reader, "map");
  return { map: { key, data: readMapData(reader) } };
}

/** Reads where NAT and TPROXY send: `ip to 10.0.0.1:80-90`, `to [::1]:80`, `to :80`, `to ip daddr map @m`. */
function readTranslation(reader: TextReader): Json {
  const family = isNext(reader, "ip", "ip6") ? { family: take(reader).text } : {};
  takeExpected(reader, "to");
  const isShort = isNext(reader, ":");
  const address = isShort ? {} : { addr: unwrapPort(reader) };
  const port = takeIf(reader, ":") ? { port: readMapped(reader) } : {};
  return { ...family, ...address, ...port, ...readFlags(reader) };
}

function unwrapPort(reader: TextReader): Json {
  if (!takeIf(reader, "[")) return readMapped(reader);
  const token = peek(reader);
  const first = readValueText(reader);
  takeExpected(reader, "]");
  if (!takeIf(reader, "-")) return first;
  takeExpected(reader, "[");
  const last = readValueText(reader);
  takeExpected(reader, "]");
  return placed(reader, token, { range: [first, last] });
}

function readFlags(reader: TextReader): Readonly<Record<string, Json>> {
  const flags: string[] = [];
  while (isNext(reader, "random", "fully-random", "persistent")) {
    flags.push(take(reader).text);
    takeIf(reader, ",");
  }
  return flags.length === 0 ? {} : { flags: flags.length === 1 ? (flags[0] ?? null) : flags };
}

/** Gives the members of what was read as a set, for those who define elements. */
function elementsOf(value: Json): readonly Json[] {
  const [kind, body] = unwrap(value) ?? [];
  if (kind === "set" && isList(body)) return body;
  return isObject(value) || typeof value === "string" || typeof value === "number" ? [value] : [];
}

/** Reads the elements of a named set. */
export function readElements(reader: TextReader): readonly Json[] {
  if (isNext(reader, "{")) return elementsOf(readSet(reader));
  const token = peek(reader);
  const elements = elementsOf(readValueText(reader));
  return elements.length > 0 ? elements : fail(token, `${renderExpression(token.text)} is not a set.`);
}
