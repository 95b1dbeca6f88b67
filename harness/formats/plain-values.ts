import { type Network, prefixMask } from "../model/address.ts";
import { readFourParts } from "../model/four-parts.ts";
import { MAX_PORT } from "../model/pod.ts";

// Large rule sets hold hundreds of thousands of these values. Each is read where it stands, without a text of its own.

const [SLASH, ZERO, NINE] = ["/", "0", "9"].map((sign) => sign.charCodeAt(0)) as [number, number, number];

/**
 * Gives the IPv4 network that stands between two places of a text in the one way that iptables-save writes it, `10.0.0.0/8` with or without
 * its length; null for anything else, right or wrong, and for a network of every address.
 *
 * @example
 * readPlainNetwork("-d 10.1.2.3/8", 3, 13)   // { family: 4, value: 0x0a000000n, mask: 0xff000000n }
 */
export function readPlainNetwork(text: string, from: number, until: number): Network | null {
  const slash = findSlash(text, from, until);
  const length = slash === until ? 32 : readDigits(text, slash + 1, until, 2);
  const address = readFourParts(text, from, slash);
  if (address < 0 || length < 1 || length > 32) return null;
  const bits = 32 - length;
  return { family: 4, value: BigInt(((address >>> bits) << bits) >>> 0), mask: prefixMask(4, length) };
}

/** A length has two digits at most, so that its slash is one of the last three signs. */
function findSlash(text: string, from: number, until: number): number {
  for (let at = until - 1; at > from && at >= until - 3; at--) if (text.charCodeAt(at) === SLASH) return at;
  return until;
}

/** Gives the port other than 0 that stands between two places of a text in decimal digits; null for anything else. */
export function readPlainPort(text: string, from: number, until: number): number | null {
  const port = readDigits(text, from, until, 5);
  return port >= 1 && port <= MAX_PORT ? port : null;
}

/** Reads a number other than 0 that does not begin with a 0; -1 for anything else, and for more digits than `atMost`. */
function readDigits(text: string, from: number, until: number, atMost: number): number {
  if (until <= from || until - from > atMost || text.charCodeAt(from) === ZERO) return -1;
  let number = 0;
  for (let at = from; at < until; at++) {
    const sign = text.charCodeAt(at);
    if (sign < ZERO || sign > NINE) return -1;
    number = number * 10 + sign - ZERO;
  }
  return number;
}
