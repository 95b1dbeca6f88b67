import { canonicalAddress, familyOf } from "../model/address.ts";
import { readHostAddress, readHostNetwork } from "./address-words.ts";
import type { OptionFacts, ValueKind } from "./extensions.ts";
import type { ReadContext } from "./match-module.ts";
import { canonicalProtocol } from "./protocols.ts";
import { parseDecimalPorts, parseMasked, parseNumber } from "./values.ts";

/** Says what an option takes, where its value is not that; null where it is. */
type Check = (value: string, facts: OptionFacts, context: ReadContext) => string | null;

const LEVELS = /^(?:emerg|panic|alert|crit|error|warning|notice|info|debug|[0-7])$/;
const TOS_NAMES = /^(?:minimize-delay|maximize-throughput|maximize-reliability|minimize-cost|normal-service)$/i;
const MAC = /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}$/i;

const U64 = 2n ** 64n - 1n;

/** A number of 64 bits is more exact than JavaScript's own. */
function isU64(value: string): boolean {
  return parseNumber(value, Number.MAX_VALUE) !== null && BigInt(value.replace(/^0(?=\d)/, "0o")) <= U64;
}

/** One check for each kind of value (libxtables/xtoptions.c, 1.8.9). */
const CHECKS = {
  flag: () => null,
  u8: checkNumber(0xff),
  u16: checkNumber(0xffff),
  u32: checkNumber(0xffffffff),
  u64: (value) => (isU64(value) ? null : `a number from 0 to ${U64}`),
  "u8-range": checkRange(0xff),
  "u16-range": checkRange(0xffff),
  "u32-range": checkRange(0xffffffff),
  "u64-range": (value) =>
    value.split(":").length <= 2 && value.split(":").every((part) => part === "" || isU64(part))
      ? null
      : `a number or a range LOW:HIGH, from 0 to ${U64}`,
  fraction: (value, { least, most }) => {
    const [low, high] = [least ?? 0, most ?? Number.MAX_VALUE];
    const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : Number.NaN;
    return number >= low && number <= high ? null : `a number from ${low} to ${high}`;
  },
  text: (value, { least }) => (value.length < (least ?? 0) ? `a text of at least ${least} characters` : null),
  text2: () => null,
  tos: (value) =>
    TOS_NAMES.test(value) || isMasked(value, 0xff) ? null : "a name, or a number from 0 to 255 with or without /mask",
  mark: (value) => (parseMasked(value) ? null : "a 32-bit number, or number/mask"),
  level: (value) => (LEVELS.test(value) ? null : "a level from 0 to 7 or its name"),
  address: (value, _, { family }) => (readHostAddress(value, family) === null ? `an IPv${family} address` : null),
  network: (value, _, { family }) =>
    readHostNetwork(value, family) === null ? `an IPv${family} address or network` : null,
  protocol: (value) => (canonicalProtocol(value) === null ? "a protocol's name or its number from 0 to 255" : null),
  port: (value, _, { names }) => (isPort(value, names) ? null : "a port or a service's name"),
  "port-range": (value, _, { names }) =>
    parseDecimalPorts(value, names) ? null : "a port, a range 1024:2048 or a service's name",
  length: checkLength(false),
  "length-or-mask": checkLength(true),
  mac: (value) => (MAC.test(value) ? null : "a hardware address such as 02:00:00:00:00:01"),
  "mac-mask": (value) =>
    value.split("/").every((part) => MAC.test(part)) ? null : "a hardware address, with or without /mask",
} satisfies Record<ValueKind, Check>;

/** Says what an option takes, where the value given is not that; null where it is. */
export function describeWanted(facts: OptionFacts, values: readonly string[], context: ReadContext): string | null {
  return (CHECKS[facts.takes] as Check)(values[0] ?? "", facts, context);
}

function isPort(value: string, names: ReadContext["names"]): boolean {
  const ports = parseDecimalPorts(value, names);
  return ports !== null && ports.first === ports.last;
}

function isMasked(value: string, most: number): boolean {
  const parts = value.split("/");
  return parts.length <= 2 && parts.every((part) => parseNumber(part, most) !== null);
}

function checkNumber(limit: number): Check {
  return (value, { least, most }) => {
    const [low, high] = [least ?? 0, most ?? limit];
    const number = parseNumber(value, high);
    return number !== null && number >= low ? null : `a number from ${low} to ${high}`;
  };
}

/** `5`, `5:9`, `5:` or `:9`. */
function checkRange(limit: number): Check {
  return (value, { most }) => {
    const parts = value.split(":");
    const isGood =
      parts.length <= 2 &&
      parts.every((part) => (part === "" && parts.length === 2) || parseNumber(part, most ?? limit) !== null);
    return isGood ? null : `a number or a range LOW:HIGH, from 0 to ${most ?? limit}`;
  };
}

function checkLength(isMaskTaken: boolean): Check {
  return (value, _, { family }) => {
    const most = family === 4 ? 32 : 128;
    if (parseNumber(value, most) !== null) return null;
    const isMask = isMaskTaken && familyOf(canonicalAddress(value) ?? "") === family;
    return isMask ? null : `a prefix length from 0 to ${most}${isMaskTaken ? " or a mask" : ""}`;
  };
}
