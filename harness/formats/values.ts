import { canonicalAddress, type Family, familyOf } from "../model/address.ts";
import type { Range } from "../model/match.ts";
import type { NameLookup, NameLookups } from "../model/name-lookups.ts";
import { MAX_ID, MAX_PORT } from "../model/pod.ts";

/** A 32-bit number with its mask, as marks are given. */
export interface MaskedValue {
  readonly value: number;
  readonly mask: number;
}

/** The mask that leaves every bit in. */
export const FULL_MASK = 0xffffffff;

/** Reads a whole number as strtoul(3) does, decimal, octal `017` or `0x…`, between 0 and `last`; null if it is not one. */
export function parseNumber(text: string, last: number): number | null {
  if (!/^(0x[0-9a-fA-F]+|\d+)$/.test(text)) return null;
  const isOctal = /^0\d+$/.test(text);
  if (isOctal && /[89]/.test(text)) return null;
  const value = isOctal ? Number.parseInt(text, 8) : Number(text);
  return value <= last ? value : null;
}

/** Reads `80`, `8000:8100`, `:1024`, `1024:` or a service's name; the parts stand either side of `separator`. Null if it is not one. */
export function parsePorts(
  text: string,
  names: Pick<NameLookups, "service">,
  separator: ":" | "-" = ":",
): Range | null {
  const single = parsePort(text, names);
  if (single !== null) return { first: single, last: single };
  const [low, high, ...rest] = text.split(separator);
  if (low === undefined || high === undefined || rest.length > 0) return null;
  const first = low === "" && separator === ":" ? 0 : parsePort(low, names);
  const last = high === "" && separator === ":" ? MAX_PORT : parsePort(high, names);
  return first === null || last === null || first > last ? null : { first, last };
}

/**
 * Reads ports as the C library's getaddrinfo(3) reads one, which udp, dccp, conntrack and TPROXY ask (`XTTYPE_PORT` and `XTTYPE_PORTRC` in
 * libxtables/xtoptions.c, 1.8.9): a number is decimal, also where it begins with 0. tcp, sctp and multiport do it in their own way.
 */
export function parseDecimalPorts(text: string, names: Pick<NameLookups, "service">): Range | null {
  if (/0x/i.test(text)) return null;
  return parsePorts(text.replaceAll(/(?<![\w-])0+(?=\d)/g, ""), names);
}

function parsePort(text: string, names: Pick<NameLookups, "service">): number | null {
  return parseNumber(text, MAX_PORT) ?? (/^[A-Za-z]/.test(text) ? names.service(text) : null);
}

/** Gives `80` or `8000:8100`; the inverse of {@link parsePorts}. */
export function renderPorts(ports: Range, separator: ":" | "-" = ":"): string {
  return ports.first === ports.last ? String(ports.first) : `${ports.first}${separator}${ports.last}`;
}

/** Reads `1337`, `1000-2000` or a name; null if it is not one. */
export function parseIds(text: string, idOf: NameLookup): Range | null {
  const named = /^\d+(-\d+)?$/.test(text) ? null : idOf(text);
  if (named !== null) return { first: named, last: named };
  const [low = "", high = low, ...rest] = text.split("-");
  const [first, last] = [parseNumber(low, MAX_ID), parseNumber(high, MAX_ID)];
  return first === null || last === null || first > last || rest.length > 0 ? null : { first, last };
}

/** Gives `1337` or `1000-2000`; the inverse of {@link parseIds}. */
export function renderIds(ids: Range): string {
  return renderPorts(ids, "-");
}

/** Reads `5`, `0x5` or `0x5/0xff`; without a mask every bit counts. Null if it is not one. */
export function parseMasked(text: string): MaskedValue | null {
  const [valueText = "", maskText, ...rest] = text.split("/");
  const value = parseNumber(valueText, FULL_MASK);
  const mask = maskText === undefined ? FULL_MASK : parseNumber(maskText, FULL_MASK);
  return value === null || mask === null || rest.length > 0 ? null : { value, mask };
}

/** Gives a 32-bit number as iptables prints marks: `0x539`. */
export function renderHex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** First and last address of a range, canonical text. */
export interface AddressRange {
  readonly first: string;
  readonly last: string;
}

/** Reads `10.0.0.1` or `10.0.0.1-10.0.0.9` of one family; null if it is not one. */
export function parseAddressRange(text: string, family: Family): AddressRange | null {
  const [firstText = "", lastText = firstText, ...rest] = text.split("-");
  const [first, last] = [canonicalAddress(firstText), canonicalAddress(lastText)];
  if (first === null || last === null || rest.length > 0) return null;
  return familyOf(first) === family && familyOf(last) === family ? { first, last } : null;
}
