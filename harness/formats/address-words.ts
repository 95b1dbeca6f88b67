import {
  type Family,
  familyOf,
  type Network,
  parseAddress,
  parseNetwork,
  prefixMask,
  renderAddress,
} from "../model/address.ts";
import { parseNumber } from "./values.ts";

/**
 * Gives an address as the C library reads one (inet_aton(3)), where an option takes a host: `10.1` is 10.0.0.1, since the last part fills
 * what is left, and a part that begins with 0 is octal: `010.0.0.1` is 8.0.0.1. IPv6 has one way of writing. Canonical text; null for a
 * name, which is not looked up, and for what is no address.
 */
export function readHostAddress(text: string, family: Family): string | null {
  const value = readHost(text, family);
  return value === null ? null : renderAddress(family, value);
}

/**
 * Gives an address as `-s`, `-d` and iprange read one (`__numeric_to_ipaddr` in libxtables/xtables.c, 1.8.9): parts that are left out are
 * 0, so that `10.1` is 10.1.0.0, and a part that begins with 0 is octal. Null for what is no address.
 */
export function readShortAddress(text: string, family: Family): string | null {
  const value = readShort(text, family);
  return value === null ? null : renderAddress(family, value);
}

/**
 * Gives the network that `-s` or `-d` names: {@link readShortAddress}, else {@link readHostAddress}, with a length (octal where it begins
 * with 0) or a mask. Null where iptables refuses it, and for a host's name.
 *
 * @example
 * readShortNetwork("10.1/16", 4) // 10.1.0.0/16
 */
export function readShortNetwork(text: string, family: Family): Network | null {
  return readNetwork(text, family, (address) => readShort(address, family) ?? readHost(address, family));
}

/**
 * Gives the network that an option names which takes a host with a mask, as conntrack's `--ctorigdst`: `10.1/16` is 10.0.0.0/16. Null for
 * what is not one.
 *
 * @example
 * readHostNetwork("10.1/16", 4)   // { family: 4, value: 0x0a000000n, mask: 0xffff0000n }
 */
export function readHostNetwork(text: string, family: Family): Network | null {
  return readNetwork(text, family, (address) => readHost(address, family));
}

function readNetwork(text: string, family: Family, read: (address: string) => bigint | null): Network | null {
  const strict = parseNetwork(text);
  if (strict !== null && !/(?:^|[./])0\d/.test(text)) return strict.family === family ? strict : null;
  const [addressText = "", suffix, ...rest] = text.split("/");
  const value = read(addressText);
  if (value === null || rest.length > 0) return null;
  const bits = family === 4 ? 32 : 128;
  const length = suffix === undefined ? bits : parseNumber(suffix, bits);
  const mask = length === null ? readMask(suffix ?? "", family) : prefixMask(family, length);
  return mask === null ? null : { family, value: value & mask, mask };
}

/** A mask has all four parts. */
function readMask(text: string, family: Family): bigint | null {
  return family === 4 && text.split(".").length !== 4 ? null : readShort(text, family);
}

function readShort(text: string, family: Family): bigint | null {
  if (family === 6) return readSix(text);
  const parts = text.split(".").map((part) => parseNumber(part, 0xff));
  if (parts.length > 4 || parts.includes(null)) return null;
  return joinBytes(Array.from({ length: 4 }, (_, i) => parts[i] ?? 0));
}

function readHost(text: string, family: Family): bigint | null {
  if (family === 6) return readSix(text);
  const parts = text.split(".");
  const [last, before] = [parts.at(-1) ?? "", parts.slice(0, -1)];
  const bytes = before.map((part) => parseNumber(part, 0xff));
  const end = parseNumber(last, 256 ** (4 - before.length) - 1);
  if (parts.length > 4 || end === null || bytes.includes(null)) return null;
  const head = joinBytes(Array.from({ length: 4 }, (_, i) => bytes[i] ?? 0));
  return head + BigInt(end);
}

function readSix(text: string): bigint | null {
  return familyOf(text) === 6 ? (parseAddress(text)?.value ?? null) : null;
}

function joinBytes(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
