import type { TableFamily } from "../../model/ruleset.ts";

/**
 * A value of nft's JSON (libnftables-json(5)), which texts are read into as well: a statement or expression is an object with one key,
 * `{ "match": { "op": "==", "left": { "meta": { "key": "mark" } }, "right": 1 } }`.
 */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** An object of nft's JSON. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
  readonly addr?: Json;
  readonly bytes?: Json;
  readonly chain?: Json;
  readonly comment?: Json;
  readonly data?: Json;
  readonly dev?: Json;
  readonly elem?: Json;
  readonly expr?: Json;
  readonly expires?: Json;
  readonly family?: Json;
  readonly flags?: Json;
  readonly handle?: Json;
  readonly hook?: Json;
  readonly key?: Json;
  readonly left?: Json;
  readonly map?: Json;
  readonly name?: Json;
  readonly op?: Json;
  readonly packets?: Json;
  readonly policy?: Json;
  readonly port?: Json;
  readonly prio?: Json;
  readonly right?: Json;
  readonly set?: Json;
  readonly table?: Json;
  readonly timeout?: Json;
  readonly type?: Json;
  readonly val?: Json;
  readonly value?: Json;
}

/** Says whether a value is an object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Says whether a value is a list. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Gives how many texts, numbers, truth values and nulls a value holds: 3 for `{ "set": [80, 443, null] }`. */
export function countValues(value: Json | undefined): number {
  let count = 0;
  const stack: (Json | undefined)[] = [value];
  while (stack.length > 0) {
    const next = stack.pop();
    if (next === null || typeof next !== "object") count++;
    else for (const inner of isList(next) ? next : Object.values(next)) stack.push(inner);
  }
  return count;
}

/**
 * Gives the one key of a statement or expression, and what stands under it; null where the value is not such an object.
 *
 * @example
 * unwrap({ accept: null })   // ["accept", null]
 */
export function unwrap(value: Json | undefined): readonly [name: string, body: Json] | null {
  if (!isObject(value)) return null;
  const names = Object.keys(value);
  const [name] = names;
  return name === undefined || names.length > 1 ? null : [name, value[name] ?? null];
}

/** Gives a member of an object if it is a text; otherwise null. */
export function textOf(value: Json | undefined, key: string): string | null {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "string" ? member : null;
}

/** Gives a member of an object if it is a number; otherwise null. */
export function numberOf(value: Json | undefined, key: string): number | null {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "number" ? member : null;
}

/** Gives a member of an object as a list: one value alone is a list of one. */
export function listOf(value: Json | undefined, key: string): readonly Json[] {
  const member = isObject(value) ? value[key] : undefined;
  if (member === undefined || member === null) return [];
  return isList(member) ? member : [member];
}

/** Where something stands in what was read: a line and column of a text, or a path in JSON (`nftables[3].rule.expr[0]`). */
export interface Place {
  readonly line: number | null;
  readonly column: number | null;
  readonly path: string | null;
}

/** What a reader of nft rules is told beside the rules. */
export interface NftContext {
  /** Notes that something cannot be what it says; the text is then refused. */
  readonly tell: (node: Json, message: string) => void;
  readonly user: (name: string) => number | null;
  readonly group: (name: string) => number | null;
  readonly service: (name: string) => number | null;
  /** The family of the rule's table. */
  readonly family: TableFamily;
  /** The sets and maps of the rule's table. */
  readonly sets: ReadonlyMap<string, NamedSet>;
}

/** A set or map of a table. */
export interface NamedSet {
  readonly elements: readonly Json[];
  /** `changing`: packets or time change what it holds, so that what it holds is not known. */
  readonly contents: "fixed" | "changing";
}

/**
 * What is taken to be in sets whose elements expire. `unknown`: nobody knows, and what asks for such a set is unknown. `as-listed`: what
 * the text lists, as at the moment of its listing.
 */
export type TimedSets = "unknown" | "as-listed";
