import type { CompareElement, CompareKey, CompareMatch, CompareRange } from "../model/compare.ts";
import type { KnownAddress } from "./address-book.ts";
import { isInRange } from "./addresses.ts";
import { type KeyReading, READERS, type Read } from "./compare-readers.ts";
import type { Packet } from "./packet.ts";
import { portIsIn } from "./ports.ts";

/** Says whether a packet's keys are compared as a match says. A packet that lacks what a key reads does not match. */
export function compileCompare(match: CompareMatch): (packet: Packet) => boolean {
  const read = compileKeys(match.keys, askedBits(match));
  return (packet) => {
    const readings = read(packet);
    return readings !== null && holds(match, readings, packet);
  };
}

/** What the keys of a concatenation read of one packet; null where it lacks one of them. */
export type KeyReader = (packet: Packet) => readonly KeyReading[] | null;

/** Compiles keys into what reads all of them. */
export function compileKeys(keys: readonly CompareKey[], asked: bigint = ALL_BITS): KeyReader {
  const readers = keys.map((key) => ({ key, read: READERS[key.name] as Read }));
  return (packet) => {
    const readings: KeyReading[] = [];
    for (const { key, read } of readers) {
      const reading = read(packet, key, asked);
      if (reading === null) return null;
      readings.push(key.mask === null ? reading : maskReading(reading, key.mask, packet));
    }
    return readings;
  };
}

/** Every bit of the widest value, an IPv6 address. */
const ALL_BITS = (1n << 128n) - 1n;

function askedBits({ operator, elements }: CompareMatch): bigint {
  return operator === "any-bit" || operator === "no-bit" ? bitsOfValue(elements) : ALL_BITS;
}

/** Says whether what was read is one element. */
export function isElement(readings: readonly KeyReading[], element: CompareElement, packet: Packet): boolean {
  const isHeld = (range: CompareRange, i: number) => isIn(readings[i] ?? 0n, [range], packet);
  if (!readings.some(isUnread)) return element.every(isHeld);
  // What is not known decides only where all else holds.
  const holdsElse = element.every((range, i) => isUnread(readings[i] ?? 0n) || isHeld(range, i));
  return holdsElse && element.every(isHeld);
}

function isUnread(reading: KeyReading): reading is { readonly unread: string } {
  return typeof reading === "object" && "unread" in reading;
}

function holds({ operator, elements }: CompareMatch, readings: readonly KeyReading[], packet: Packet): boolean {
  switch (operator) {
    case "==":
      return isAny(readings, elements, packet);
    case "!=":
      return !isAny(readings, elements, packet);
    case "<":
      return isBetween(readings, -1n, bitsOfValue(elements) - 1n, packet);
    case "<=":
      return isBetween(readings, -1n, bitsOfValue(elements), packet);
    case ">":
      return !isBetween(readings, -1n, bitsOfValue(elements), packet);
    case ">=":
      return !isBetween(readings, -1n, bitsOfValue(elements) - 1n, packet);
    case "any-bit":
      return (bitsOf(readings, packet) & bitsOfValue(elements)) !== 0n;
    case "no-bit":
      return (bitsOf(readings, packet) & bitsOfValue(elements)) === 0n;
  }
}

const NOTHING: CompareElement = [];

/** One key is asked once for all of its elements, so that a choice of the kernel's is one question. */
function isAny(readings: readonly KeyReading[], elements: readonly CompareElement[], packet: Packet): boolean {
  const [only] = readings;
  if (readings.length === 1 && only !== undefined) {
    const [first = NOTHING] = elements;
    return isIn(only, elements.length <= 1 ? first : elements.flat(), packet);
  }
  return elements.some((element) => isElement(readings, element, packet));
}

function isBetween(readings: readonly KeyReading[], first: bigint, last: bigint, packet: Packet): boolean {
  return isIn(readings[0] ?? 0n, [{ first: first < 0n ? 0n : first, last }], packet);
}

function isIn(reading: KeyReading, ranges: readonly CompareRange[], packet: Packet): boolean {
  if (typeof reading === "string") return ranges.some((range) => "name" in range && isNamed(reading, range.name));
  if (typeof reading === "bigint")
    return ranges.some((range) => "first" in range && range.first <= reading && reading <= range.last);
  if (isUnread(reading)) {
    packet.walk.oracle.giveUp(reading.unread);
    return false;
  }
  const numbers: { readonly first: bigint; readonly last: bigint }[] = [];
  for (const range of ranges) if ("first" in range && range.first <= range.last) numbers.push(range);
  if ("port" in reading) {
    const ports = numbers.map(({ first, last }) => ({ first: Number(first), last: Number(last) }));
    return portIsIn(reading.port, ports, packet);
  }
  return numbers.some(({ first, last }) => isInRange(reading.address, first, last, packet));
}

/** A trailing `*` stands for any ending, also for none. */
function isNamed(name: string, pattern: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function bitsOfValue(elements: readonly CompareElement[]): bigint {
  const range = elements[0]?.[0];
  return range !== undefined && "first" in range ? range.first : 0n;
}

function bitsOf(readings: readonly KeyReading[], packet: Packet): bigint {
  const [reading = 0n] = readings;
  return toNumber(reading, packet) ?? 0n;
}

/** What the kernel chooses from a range has no bits that are known. */
function maskReading(reading: KeyReading, mask: bigint, packet: Packet): KeyReading {
  if (isUnread(reading)) return reading;
  const value = toNumber(reading, packet);
  return value === null ? reading : value & mask;
}

function toNumber(reading: KeyReading, { walk }: Packet): bigint | null {
  if (typeof reading === "string") return null;
  if (typeof reading === "bigint") return reading;
  if (isUnread(reading)) {
    walk.oracle.giveUp(reading.unread);
    return null;
  }
  if ("port" in reading) {
    if (reading.port < 0) walk.oracle.giveUp("the bits of a port that the kernel chooses");
    return BigInt(Math.max(reading.port, 0));
  }
  return exactAddress(reading.address, walk);
}

function exactAddress(address: KnownAddress, walk: Packet["walk"]): bigint {
  if (address.last !== address.value) walk.oracle.giveUp(`the bits of an address of ${address.text}`);
  return address.value;
}
