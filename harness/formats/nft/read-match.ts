import type { CompareElement, CompareKey, CompareMatch, CompareOperator } from "../../model/compare.ts";
import type { Match } from "../../model/match.ts";
import { isList, isObject, type Json, type NftContext, unwrap } from "./ast.ts";
import { readKey, typeOfKey } from "./key-types.ts";
import { readElement, readValue } from "./read-values.ts";
import { renderStatement } from "./render-text.ts";

/** Statements that may end a rule, and of which nobody knows when they do: kept by name. */
const UNKNOWN_MATCHES = ["limit", "quota", "ct count", "connlimit"];

/** Says whether a statement is one that may end its rule, rather than one that does something. */
export function isMatchStatement(kind: string, body: Json): boolean {
  return (
    kind === "match" || UNKNOWN_MATCHES.includes(kind) || (kind === "xt" && isObject(body) && body.type === "match")
  );
}

/** Reads a statement that may end its rule; one that is not understood is kept as text, and its truth is unknown. */
export function readMatch(statement: Json, context: NftContext): Match {
  const [kind, body] = unwrap(statement) ?? [];
  const read = kind === "match" && isObject(body) ? readComparison(body.op, body.left, body.right, context) : null;
  return read ?? { kind: "unknown", text: renderStatement(statement) };
}

function readComparison(
  op: Json | undefined,
  left: Json = null,
  right: Json = null,
  context: NftContext,
): CompareMatch | null {
  const keys = readAnyKeys(left, context);
  const [only] = keys ?? [];
  if (keys === null || only === undefined) return null;
  if (keys.some(asksForExistence) && (keys.length > 1 || typeof right !== "boolean")) return null;
  const held = readElements(keys, right, context);
  if (held === null) return null;
  const isFolded = held.kind === "set" && held.set === null && held.elements.length === 1 && op !== "!=";
  const operator = readOperator(isFolded ? "in" : (op ?? "=="), only, isFolded ? "value" : held.kind);
  if (operator === null) return null;
  return simplify({ kind: "compare", keys, operator, elements: held.elements, set: held.set });
}

/**
 * Gives a comparison as the kernel's listings have it: bits that are compared with none of them, and a mask that is a prefix's.
 */
function simplify(match: CompareMatch): CompareMatch {
  const { keys, operator, elements } = match;
  const [[key, ...others], [range, ...more]] = [keys, elements.flat()];
  const isPlain = others.length === 0 && more.length === 0 && (operator === "==" || operator === "!=");
  if (!isPlain || !key?.mask || !range || !("first" in range) || range.first !== range.last) return match;
  const plain = { ...key, mask: null };
  const type = typeOfKey(key);
  if (type.kind === "flags" && range.first === 0n) {
    const bits = { first: key.mask, last: key.mask };
    return { ...match, keys: [plain], operator: operator === "!=" ? "any-bit" : "no-bit", elements: [[bits]] };
  }
  const host = ((1n << BigInt(type.bits)) - 1n) ^ key.mask;
  if (type.kind !== "address" || (host & (host + 1n)) !== 0n || (range.first & host) !== 0n) return match;
  return { ...match, keys: [plain], elements: [[{ first: range.first, last: range.first | host }]] };
}

/** The same key asks for an interface where it is compared with one; only whether there is any is read. */
function asksForExistence({ name }: CompareKey): boolean {
  return name === "fib saddr oif";
}

/** Reads what a map's elements are compared with: one key, one with a mask, or a concatenation; null where some part is not known. */
export function readKeys(left: Json, context: NftContext): readonly CompareKey[] | null {
  const keys = readAnyKeys(left, context);
  return keys?.some(asksForExistence) ? null : keys;
}

function readAnyKeys(left: Json, context: NftContext): readonly CompareKey[] | null {
  const [kind, body] = unwrap(left) ?? [];
  const parts = kind === "concat" && isList(body) ? body : [left];
  const keys = parts.map((part) => readMaskedKey(part, context));
  return keys.every((key) => key !== null) ? keys : null;
}

function readMaskedKey(part: Json, context: NftContext): CompareKey | null {
  const [kind, body] = unwrap(part) ?? [];
  if (kind !== "&" || !isList(body)) return readKey(part);
  const [inner = null, mask = null] = body;
  const key = readKey(inner);
  if (key === null || typeOfKey(key).kind === "interface") return null;
  const value = readValue(typeOfKey(key), mask, context);
  return value === null ? null : { ...key, mask: value };
}

/** What stands on the right: one value, or a set, which may have a name. */
interface Held {
  readonly kind: "value" | "set";
  readonly elements: readonly CompareElement[];
  readonly set: string | null;
}

function readElements(keys: readonly CompareKey[], right: Json, context: NftContext): Held | null {
  const [kind, body] = unwrap(right) ?? [];
  if (typeof right === "string" && right.startsWith("@")) {
    const named = context.sets.get(right.slice(1));
    if (named === undefined) context.tell(right, `The table has no set ${right.slice(1)}.`);
    if (named === undefined || named.contents === "changing") return null;
    const elements = readAll(keys, named.elements, context);
    return { kind: "set", elements, set: right.slice(1) };
  }
  if (kind === "set")
    return { kind: "set", elements: readAll(keys, isList(body) ? body : [body ?? null], context), set: null };
  // A list is one value whose bits are put together.
  const element = readElement(keys, right, context);
  return { kind: "value", elements: element === null ? [] : [element], set: null };
}

function readAll(
  keys: readonly CompareKey[],
  elements: readonly Json[],
  context: NftContext,
): readonly CompareElement[] {
  return elements.flatMap((element) => {
    const read = readElement(keys, element, context);
    return read === null ? [] : [read];
  });
}

/** `in` asks for any bit of a value; of what has no bits, and of a set, it asks for the value itself. */
function readOperator(op: Json, key: CompareKey, kind: Held["kind"]): CompareOperator | null {
  const hasBits = typeOfKey(key).kind === "flags" && kind === "value";
  switch (op) {
    case "in":
      return hasBits ? "any-bit" : "==";
    case "!":
      return hasBits ? "no-bit" : null;
    case "==":
    case "!=":
      return op;
    case "<":
    case ">":
    case "<=":
    case ">=":
      return kind === "value" && typeOfKey(key).kind !== "interface" ? op : null;
    default:
      return null;
  }
}
