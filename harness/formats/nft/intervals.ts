import { parseAddress } from "../../model/address.ts";
import { isList, type Json, numberOf, textOf, unwrap } from "./ast.ts";
import { elementValue } from "./read-values.ts";

type Interval = readonly [first: bigint, last: bigint];

/** Says whether two elements of a set hold a value in common, and are not the same; concatenations are left aside. */
export function hasOverlap(elements: readonly Json[]): boolean {
  const known = elements.map((element) => toInterval(elementValue(isList(element) ? (element[0] ?? null) : element)));
  const inOrder = known.filter((one) => one !== null).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return inOrder.some(([first, last], i) => {
    const before = inOrder[i - 1];
    if (before === undefined || first > before[1]) return false;
    return first !== before[0] || last !== before[1];
  });
}

function toInterval(value: Json): Interval | null {
  const single = toNumber(value);
  if (single !== null) return [single, single];
  const [kind, body] = unwrap(value) ?? [];
  if (kind === "range" && isList(body)) {
    const [first, last] = body.map(toNumber);
    return first === undefined || first === null || last === undefined || last === null ? null : [first, last];
  }
  if (kind !== "prefix" || body === undefined) return null;
  const address = parseAddress(textOf(body, "addr") ?? "");
  const length = numberOf(body, "len");
  if (address === null || length === null) return null;
  const host = (1n << BigInt(Math.max((address.family === 4 ? 32 : 128) - length, 0))) - 1n;
  return [address.value & ~host, address.value | host];
}

function toNumber(value: Json): bigint | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : null;
  return typeof value === "string" ? (parseAddress(value)?.value ?? null) : null;
}
