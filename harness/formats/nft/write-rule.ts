// Long because each kind of target has its statement here, and maps write those that they choose.
import { renderAddress } from "../../model/address.ts";
import type { CompareElement, CompareKey, CompareMatch, CompareRange } from "../../model/compare.ts";
import type { Match, Range } from "../../model/match.ts";
import type { Rule } from "../../model/ruleset.ts";
import type { MapTarget, NatTarget, SocketTarget, Target, ZoneTarget } from "../../model/target.ts";
import { isList, type Json, type JsonObject } from "./ast.ts";
import { type KeyType, typeOfKey, writeKey } from "./key-types.ts";
import { writeAssignment } from "./read-assignment.ts";

/** Gives the statements of a rule as nft's JSON has them; null where some part of it has none: a match of iptables, an opaque one. */
export function writeRuleBody({ matches, target, counters }: Rule, parse: ParseStatement): readonly Json[] | null {
  const parts = [
    ...matches.filter(({ kind }) => kind !== "comment").map((match) => writeMatch(match, parse)),
    ...(target === null ? [] : writeStatements(target, parse)),
  ];
  if (!parts.every((part) => part !== null)) return null;
  return counters === undefined
    ? parts
    : parts.map((part) => ("counter" in (part as JsonObject) ? withCounts(part, counters) : part));
}

function withCounts(statement: Json, counters: NonNullable<Rule["counters"]>): Json {
  const isNamed = typeof (statement as JsonObject)["counter"] === "string";
  return isNamed ? statement : { counter: { ...counters } };
}

/** Reads the text of a statement that the model keeps as text; null where it cannot be read back. */
export type ParseStatement = (text: string) => Json | null;

/**
 * Gives a match as a statement of nft's JSON; null for one that nft cannot express, such as a match of iptables.
 *
 * @example
 * writeMatch(match, parse)   // tcp dport 80
 * // { match: { op: "==", left: { payload: { protocol: "tcp", field: "dport" } }, right: 80 } }
 */
export function writeMatch(match: Match, parse: ParseStatement): Json | null {
  if (match.kind === "compare") return writeCompare(match);
  return match.kind === "unknown" ? parse(match.text) : null;
}

function writeCompare({ keys, operator, elements, set }: CompareMatch): Json {
  const left = keys.length === 1 && keys[0] ? writeMaskedKey(keys[0]) : { concat: keys.map(writeMaskedKey) };
  const right = set === null ? writeElements(keys, elements) : `@${set}`;
  const op = { "any-bit": "in", "no-bit": "!" }[operator as string] ?? operator;
  return { match: { op, left, right } };
}

function writeMaskedKey(key: CompareKey): Json {
  const plain = writeKey(key);
  return key.mask === null
    ? plain
    : { "&": [plain, writeNumber(typeOfKey(key), key.mask, key.mask >> 32n > 0n ? 6 : 4)] };
}

function writeElements(keys: readonly CompareKey[], elements: readonly CompareElement[]): Json {
  const [only] = elements;
  const [key] = keys;
  // Bits of the one value are a list, as nft has it; in a set they are put together.
  if (elements.length === 1 && only?.[0] !== undefined && keys.length === 1) return writeRange(key, only[0]);
  return { set: elements.map((element) => writeElement(keys, element)) };
}

function writeElement(keys: readonly CompareKey[], element: CompareElement): Json {
  const parts = element.map((range, i) => joinBits(writeRange(keys[i], range)));
  return parts.length === 1 ? (parts[0] ?? null) : { concat: parts };
}

/** `["fin", "syn", "rst"]` becomes `fin | syn | rst`. */
function joinBits(value: Json): Json {
  return isList(value) ? value.reduce((left, right) => ({ "|": [left, right] })) : value;
}

function writeRange(key: CompareKey | undefined, range: CompareRange): Json {
  if ("name" in range || key === undefined) return "name" in range ? range.name : null;
  const type = typeOfKey(key);
  const { first, last } = range;
  const family =
    key.family === "ip" || key.name.startsWith("ip ") || (type.bits === 32 && type.kind === "address") ? 4 : 6;
  if (first === last) return writeNumber(type, first, family);
  const length = type.kind === "address" ? prefixOf(first, last, type.bits) : null;
  if (length !== null) return { prefix: { addr: renderAddress(family, first), len: length } };
  return { range: [writeNumber(type, first, family), writeNumber(type, last, family)] };
}

function prefixOf(first: bigint, last: bigint, bits: number): number | null {
  const host = first ^ last;
  const isPrefix = (host & (host + 1n)) === 0n && (first & host) === 0n;
  return isPrefix ? bits - host.toString(2).length : null;
}

function writeNumber({ kind, words }: KeyType, value: bigint, family: 4 | 6): Json {
  if (kind === "address") return renderAddress(family, value);
  if (kind === "boolean") return words["exists"] === undefined ? Number(value) : value === 1n;
  const word = Object.entries(words).find(([, number]) => BigInt(number) === value)?.[0];
  if (word !== undefined) return word;
  if (kind !== "flags") return Number(value);
  const bits = Object.entries(words).filter(([, bit]) => (BigInt(bit) & value) !== 0n);
  const isWhole = bits.reduce((sum, [, bit]) => sum | BigInt(bit), 0n) === value;
  return isWhole && bits.length > 0 ? bits.map(([name]) => name) : Number(value);
}

/** Gives what a target does as statements, null among them for what nft has no words for. */
export function writeStatements(target: Target, parse: ParseStatement): readonly (Json | null)[] {
  if (target.kind !== "statements") return [writeOne(target, parse)];
  return target.statements.flatMap((part) =>
    "match" in part ? [writeMatch(part.match, parse)] : writeStatements(part.target, parse),
  );
}

function writeOne(target: Target, parse: ParseStatement): Json | null {
  switch (target.kind) {
    case "accept":
    case "drop":
    case "return":
    case "continue":
      return { [target.kind]: null };
    case "jump":
    case "goto":
      return { [target.kind]: { target: target.chain } };
    case "counter":
      return { counter: target.name ?? { packets: 0, bytes: 0 } };
    case "notrack":
      return { notrack: null };
    case "log":
      return parse(`log ${target.options}`.trim());
    case "reject":
      return { reject: writeReject(target.with) };
    case "redirect":
      return { redirect: orNull({ ...portOf(target.ports), ...flagsOf(target.random ? ["random"] : []) }) };
    case "masquerade":
      return { masquerade: orNull({ ...portOf(target.ports), ...flagsOf(target.flags) }) };
    case "dnat":
    case "snat":
      return { [target.kind]: writeNat(target) };
    case "tproxy-socket":
      return { tproxy: writeTproxy(target) };
    case "assign":
      return { mangle: { key: markOf(target.to), value: writeAssignment(target) } };
    case "zone":
      return { mangle: writeZone(target) };
    case "side-effect":
      return parse(target.options);
    case "unknown":
      return parse(target.text);
    case "map":
      return writeMap(target, parse);
    // A rule of nft has its matches in front, and these are targets of iptables.
    case "statements":
    case "mark":
    case "connmark-set":
    case "connmark-save":
    case "connmark-restore":
    case "tproxy":
    case "track":
    case "hop-limit":
    case "tee":
      return null;
  }
}

function markOf(owner: "packet" | "connection"): Json {
  return { [owner === "packet" ? "meta" : "ct"]: { key: "mark" } };
}

function writeZone({ direction, zone }: ZoneTarget): Json {
  const key = { ct: direction === "both" ? { key: "zone" } : { key: "zone", dir: direction } };
  return { key, value: zone === "mark" ? markOf("packet") : zone };
}

function writeTproxy({ family, address, port }: SocketTarget): Json {
  const place = { ...(address === null ? {} : { addr: address }), ...(port === null ? {} : { port }) };
  return family === undefined ? place : { family, ...place };
}

function orNull(body: JsonObject): Json {
  return Object.keys(body).length === 0 ? null : body;
}

function portOf(ports: Range | null): JsonObject {
  if (ports === null) return {};
  return { port: ports.first === ports.last ? ports.first : { range: [ports.first, ports.last] } };
}

function flagsOf(flags: readonly string[]): JsonObject {
  const words = flags.map((flag) => (flag === "random-fully" ? "fully-random" : flag));
  return words.length === 0 ? {} : { flags: words.length === 1 ? (words[0] ?? null) : words };
}

function writeNat({ addresses, ports, flags, family }: NatTarget): Json {
  const address =
    addresses === null
      ? {}
      : { addr: addresses.first === addresses.last ? addresses.first : { range: [addresses.first, addresses.last] } };
  return { ...(family ? { family } : {}), ...address, ...portOf(ports), ...flagsOf(flags) };
}

function writeReject(how: string): Json {
  if (how === "tcp-reset") return { type: "tcp reset" };
  const [, kind = "", error = ""] = /^(icmpx|icmp6|icmp)-(.+)$/.exec(how) ?? [];
  return { type: kind === "icmp6" ? "icmpv6" : kind, expr: error };
}

/** A map of verdicts is a statement; one of values is the argument that its targets differ in. */
function writeMap({ keys, branches, map }: MapTarget, parse: ParseStatement): Json | null {
  const key = keys.length === 1 && keys[0] ? writeMaskedKey(keys[0]) : { concat: keys.map(writeMaskedKey) };
  const written = branches.map((branch) => writeOne(branch.target, parse));
  if (!written.every((statement) => statement !== null)) return null;
  const names = branches.map(({ element }) => (element === null ? "*" : writeElement(keys, element)));
  const data = (values: readonly Json[]): Json =>
    map === null ? { set: names.map((name, i) => [name, values[i] ?? null]) } : `@${map}`;
  const kinds = new Set(branches.map((branch) => branch.target.kind));
  const [kind] = kinds;
  if (kind === undefined || !["redirect", "dnat", "snat", "assign"].includes(kind))
    return { vmap: { key, data: data(written) } };
  if (kinds.size > 1) return null;
  const bodies = written.map((statement) => Object.values(statement as JsonObject)[0] as JsonObject);
  const [first = {}] = bodies;
  if (kind === "assign")
    return {
      mangle: { key: first.key ?? null, value: { map: { key, data: data(bodies.map(({ value = null }) => value)) } } },
    };
  if (kind === "redirect")
    return { redirect: { ...first, port: { map: { key, data: data(bodies.map(({ port = null }) => port)) } } } };
  const hasPorts = new Set(bodies.map(({ port }) => JSON.stringify(port))).size > 1;
  const values = bodies.map(({ addr = null, port = null }) => (hasPorts ? { concat: [addr, port] } : addr));
  const { port, ...rest } = first;
  return {
    [kind]: {
      ...rest,
      addr: { map: { key, data: data(values) } },
      ...(hasPorts || port === undefined ? {} : { port }),
    },
  };
}
