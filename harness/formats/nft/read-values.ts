import { addressBits, parseAddress } from "../../model/address.ts";
import type { CompareElement, CompareKey, CompareRange } from "../../model/compare.ts";
import { isList, type Json, type NftContext, numberOf, textOf, unwrap } from "./ast.ts";
import { type KeyType, typeOfKey } from "./key-types.ts";

/** Reads one value of a type; null, and a finding, if it is not one. Bits of `flags` may be a list. */
export function readValue(type: KeyType, value: Json, context: NftContext): bigint | null {
  const found = findValue(type, value, context);
  if (found === null) context.tell(value, `${describe(findWrong(type, value, context))} is not ${nameType(type)}.`);
  return found;
}

/** The first of several bits that is not one, or the value itself. */
function findWrong(type: KeyType, value: Json, context: NftContext): Json {
  const wrong = listBits(value)?.find((bit) => findValue(type, bit, context) === null);
  return wrong === undefined ? value : findWrong(type, wrong, context);
}

function listBits(value: Json): readonly Json[] | null {
  const bits = isList(value) ? value : unwrap(value)?.[0] === "|" ? unwrap(value)?.[1] : undefined;
  return isList(bits) ? bits : null;
}

function findValue(type: KeyType, value: Json, context: NftContext): bigint | null {
  if (typeof value === "boolean") return type.kind === "boolean" ? BigInt(value) : null;
  if (typeof value === "number") return readNumber(value, type);
  if (typeof value === "string") return readWord(type, value, context);
  const bits = listBits(value);
  if (bits === null) return null;
  const values = bits.map((bit) => findValue(type, bit, context));
  return values.every((bit) => bit !== null) ? values.reduce((sum, bit) => sum | bit, 0n) : null;
}

function readNumber(value: number, { bits, kind }: KeyType): bigint | null {
  const isRight = Number.isSafeInteger(value) && value >= 0 && kind !== "interface" && kind !== "address";
  return isRight && BigInt(value) < 1n << BigInt(bits) ? BigInt(value) : null;
}

function readWord({ kind, bits, words, aliases, names }: KeyType, text: string, context: NftContext): bigint | null {
  if (kind === "address") {
    const address = parseAddress(text);
    return address !== null && addressBits(address.family) <= bits ? address.value : null;
  }
  const known = { ...words, ...aliases };
  if (Object.hasOwn(known, text)) return BigInt(known[text] ?? 0);
  // With a leading zero it is an octal number for nft.
  if (/^(?:0x[0-9a-f]{1,8}|0|[1-9]\d{0,9})$/i.test(text)) return readNumber(Number(text), { kind, bits, words });
  if (kind === "boolean") return text === "exists" ? 1n : text === "missing" ? 0n : null;
  const named = names === undefined ? null : context[names](text);
  return named === null ? null : BigInt(named);
}

/** Reads a value, a range or a prefix; null, and a finding, if it is not one. */
export function readRange(type: KeyType, value: Json, context: NftContext): CompareRange | null {
  const [kind, body] = unwrap(value) ?? [];
  if (kind === "elem" && body !== undefined) return readRange(type, elementValue(value), context);
  if (type.kind === "interface") {
    if (typeof value === "string" && value !== "") return { name: value };
    context.tell(value, `${describe(value)} is not an interface's name.`);
    return null;
  }
  if (kind === "prefix" && body !== undefined) return readPrefix(type, body, context);
  if (kind === "range" && isList(body)) return readEnds(type, value, body, context);
  const only = readValue(type, value, context);
  return only === null ? null : { first: only, last: only };
}

function readEnds(type: KeyType, range: Json, ends: readonly Json[], context: NftContext): CompareRange | null {
  const [first = null, last = null] = ends.map((end) => readValue(type, end, context));
  if (first === null || last === null) return null;
  if (first > last) context.tell(range, `The range ${describe(range)} ends before it begins.`);
  return { first, last };
}

function readPrefix(type: KeyType, body: Json, context: NftContext): CompareRange | null {
  const text = textOf(body, "addr");
  const address = text === null ? null : parseAddress(text);
  const length = numberOf(body, "len");
  const width = address === null ? type.bits : addressBits(address.family);
  if (
    address === null ||
    type.kind !== "address" ||
    length === null ||
    length < 0 ||
    length > width ||
    width > type.bits
  ) {
    context.tell(body, `${describe(body)} is not a prefix of ${nameType(type)}.`);
    return null;
  }
  const host = (1n << BigInt(width - length)) - 1n;
  const first = address.value & ~host;
  return { first, last: first | host };
}

/** Gives what an element of a set holds, its time-out and comment aside. */
export function elementValue(element: Json): Json {
  const [kind, body] = unwrap(element) ?? [];
  if (kind !== "elem" || body === undefined || body === null || typeof body !== "object" || isList(body))
    return element;
  return (body as { readonly val?: Json }).val ?? null;
}

/** Reads an element of a set for some keys: one value, or a concatenation of as many as there are keys. Null with a finding. */
export function readElement(keys: readonly CompareKey[], element: Json, context: NftContext): CompareElement | null {
  const value = elementValue(element);
  const [kind, body] = unwrap(value) ?? [];
  const parts = kind === "concat" && isList(body) ? body : [value];
  if (parts.length !== keys.length) {
    context.tell(element, `${describe(value)} has ${parts.length} parts, and ${keys.length} are compared.`);
    return null;
  }
  const ranges = keys.map((key, i) => readRange(typeOfKey(key), parts[i] ?? null, context));
  return ranges.every((range) => range !== null) ? ranges : null;
}

function describe(value: Json): string {
  return typeof value === "string" ? `"${value}"` : JSON.stringify(value);
}

/** Names that a machine may know, by what they are names of. */
const NAMES = {
  user: "or a user of this machine",
  group: "or a group of this machine",
  service: "or the name of a service",
} satisfies Record<NonNullable<KeyType["names"]>, string>;

function nameType({ kind, bits, words, names }: KeyType): string {
  if (kind === "address") return bits === 32 ? "an IPv4 address" : "an address";
  if (kind === "boolean") return "0 or 1";
  if (kind === "interface") return "an interface's name";
  const known = Object.keys(words);
  const numbers = `a number from 0 to ${(1n << BigInt(bits)) - 1n}`;
  if (names !== undefined) return `${numbers}, ${NAMES[names]}`;
  return known.length === 0 ? numbers : `${numbers} or one of ${known.join(", ")}`;
}
