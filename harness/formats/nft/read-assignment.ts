import type { AssignTarget } from "../../model/target.ts";
import { isList, type Json, textOf, unwrap } from "./ast.ts";

/** What a mark is set to: `(from & and) ^ xor`. */
type Assignment = Pick<AssignTarget, "from" | "and" | "xor">;

const ALL = 0xffffffff;

/**
 * Reads the value that a mark is set to: a number, a mark, or one with `&`, `|` and `^`; null for what is not known.
 *
 * @example
 * readAssignment(1337)   // { from: "value", and: 0, xor: 1337 }
 */
export function readAssignment(value: Json): Assignment | null {
  const number =
    typeof value === "string" && /^(?:0x[0-9a-f]{1,8}|0|[1-9]\d{0,9})$/i.test(value) ? Number(value) : value;
  if (typeof number === "number")
    return Number.isInteger(number) && number >= 0 && number <= ALL ? fixed(number) : null;
  return readExpression(value);
}

function readExpression(value: Json): Assignment | null {
  const [kind = "", body = null] = unwrap(value) ?? [];
  const isMark = textOf(body, "key") === "mark" && textOf(body, "dir") === null;
  if (isMark && kind === "meta") return { from: "packet", and: ALL, xor: 0 };
  if (isMark && kind === "ct") return { from: "connection", and: ALL, xor: 0 };
  if (!isList(body) || body.length !== 2) return null;
  const [one = null, other = null] = body.map(readAssignment);
  return one !== null && other?.from === "value" ? combine(kind, one, other.xor) : null;
}

function fixed(value: number): Assignment {
  return { from: "value", and: 0, xor: value };
}

function combine(kind: string, { from, and, xor }: Assignment, value: number): Assignment | null {
  const keep = (bits: number, changed: number): Assignment => ({ from, and: bits >>> 0, xor: changed >>> 0 });
  if (kind === "&") return keep(and & value, xor & value);
  if (kind === "|") return keep(and & ~value, (xor & ~value) | value);
  return kind === "^" ? keep(and, xor ^ value) : null;
}

/** Gives the value that a mark is set to as an expression; the inverse of {@link readAssignment}. */
export function writeAssignment({ from, and, xor }: Assignment): Json {
  if (from === "value") return xor;
  const mark: Json = { [from === "packet" ? "meta" : "ct"]: { key: "mark" } };
  const masked: Json = and === ALL ? mark : { "&": [mark, and] };
  if (xor === 0) return masked;
  if (and === ~xor >>> 0) return { "|": [mark, xor] };
  return (and & xor) === 0 && and !== ALL ? { "|": [masked, xor] } : { "^": [masked, xor] };
}
