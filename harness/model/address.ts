import { readFourParts, renderFourParts } from "./four-parts.ts";
import { readIpv6, renderIpv6 } from "./ipv6-text.ts";

/** Both families, IPv4 first: the order in which families are listed and asked about everywhere. */
export const FAMILIES = [4, 6] as const;

/** IPv4 or IPv6, as the digit users write it. */
export type Family = (typeof FAMILIES)[number];

/**
 * A set of addresses given by value and mask, as iptables matches them: an address `a` is in it if `(a & mask) === value`.
 * The mask need not be contiguous (`iptables -s 10.0.0.1/255.0.255.0` is allowed). Host bits of `value` are always masked off.
 */
export interface Network {
  readonly family: Family;
  readonly value: bigint;
  readonly mask: bigint;
}

/** Gives the width of an address of this family in bits: 32 or 128. */
export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/**
 * Gives the mask of a prefix length, 0 to 32 or 128: `prefixMask(4, 8)` is `0xff000000n`. Throws a RangeError for any other length.
 */
export function prefixMask(family: Family, length: number): bigint {
  const mask = MASKS[family][length];
  if (mask === undefined) throw new RangeError(`no IPv${family} prefix is ${length} bits long`);
  return mask;
}

function listMasks(bits: number): readonly bigint[] {
  const all = (1n << BigInt(bits)) - 1n;
  return Array.from({ length: bits + 1 }, (_, length) => all ^ ((1n << BigInt(bits - length)) - 1n));
}

/** The masks of a family by their prefix lengths: an analysis asks for them millions of times. */
const MASKS: Readonly<Record<Family, readonly bigint[]>> = { 4: listMasks(32), 6: listMasks(128) };
const LENGTHS: Readonly<Record<Family, ReadonlyMap<bigint, number>>> = {
  4: new Map(MASKS[4].map((mask, length) => [mask, length])),
  6: new Map(MASKS[6].map((mask, length) => [mask, length])),
};

/** An address as a number, with the family that says how wide it is. */
interface ParsedAddress {
  readonly family: Family;
  readonly value: bigint;
}

/** An analysis asks for the same few IPv6 addresses millions of times, and each takes some microseconds. */
const KEPT_ADDRESSES = 10_000;
const readTexts = new Map<string, ParsedAddress | null>();
const writtenTexts: Readonly<Record<Family, Map<bigint, string>>> = { 4: new Map(), 6: new Map() };

/** Gives what is kept under a key, or else makes and keeps it; a map that is full begins afresh. */
function keep<K, V>(kept: Map<K, V>, key: K, make: () => V): V {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (kept.size >= KEPT_ADDRESSES) kept.clear();
  kept.set(key, made);
  return made;
}

/**
 * Gives the number of an address, or null if the text is no plain address (four-part decimal IPv4, or IPv6 without zone).
 *
 * @example
 * parseAddress("10.244.0.2")   // { family: 4, value: 183762946n }
 * parseAddress("010.0.0.1")    // null
 */
export function parseAddress(text: string): ParsedAddress | null {
  const value = readFourParts(text);
  if (value >= 0) return { family: 4, value: BigInt(value) };
  // A text that is too long to be an address would only take room.
  return text.length > 50 ? null : keep(readTexts, text, () => readAddress(text));
}

function readAddress(text: string): ParsedAddress | null {
  const value = readIpv6(text);
  return value === null ? null : { family: 6, value };
}

/** Gives an address's number; throws a RangeError for a text that is not one: what was read before holds canonical text only. */
export function addressValue(text: string): bigint {
  const parsed = parseAddress(text);
  if (!parsed) throw new RangeError(`"${text}" is not an address`);
  return parsed.value;
}

/**
 * Gives an address's text as iptables and the C library print it (inet_ntop(3)): `a.b.c.d`, or IPv6 in its shortest form (`::1`,
 * `2001:db8::5`), with a dotted tail where it embeds an IPv4 address (`::ffff:10.0.0.1`).
 */
export function renderAddress(family: Family, value: bigint): string {
  if (family === 4 && value >= 0n && value <= 0xffffffffn) return renderFourParts(Number(value));
  return keep(writtenTexts[family], value, () => writeAddress(family, value));
}

function writeAddress(family: Family, value: bigint): string {
  const head = value >> 32n;
  if (family === 6 && head === 0xffffn) return `::ffff:${renderAddress(4, value & 0xffffffffn)}`;
  if (family === 6 && head === 0n && value > 0xffffn) return `::${renderAddress(4, value)}`;
  return family === 4 ? renderFourParts(Number(BigInt.asUintN(32, value))) : renderIpv6(value);
}

/** Gives the family that an address's text belongs to: the one with colons is IPv6. */
export function familyOf(address: string): Family {
  return address.includes(":") ? 6 : 4;
}

/** Gives the address that stands for every one: `0.0.0.0`, `::`. */
export function unspecifiedAddress(family: Family): "0.0.0.0" | "::" {
  return family === 4 ? "0.0.0.0" : "::";
}

/** Gives an address in its canonical text, or null if it is no address: `::0001` becomes `::1`. */
export function canonicalAddress(text: string): string | null {
  const parsed = parseAddress(text);
  return parsed && renderAddress(parsed.family, parsed.value);
}

/**
 * Gives the canonical address of a name server: without a zone, as in `fe80::1%eth0`, which names a link of the pod; rules ask for the
 * address alone. Null if it is no address.
 */
export function serverAddress(text: string): string | null {
  return canonicalAddress(text.replace(/(?<=:.*)%\S+$/, ""));
}

/**
 * Gives a network from `address`, `address/length` or `address/mask`; host bits are masked off. Null if it is not one.
 *
 * @example
 * parseNetwork("10.1.2.3/8")            // { family: 4, value: 0x0a000000n, mask: 0xff000000n }
 * parseNetwork("10.0.0.0/255.0.0.0")    // the same
 */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (!address) return null;
  const mask =
    slash < 0
      ? prefixMask(address.family, addressBits(address.family))
      : parseMask(text.slice(slash + 1), address.family);
  if (mask === null) return null;
  return { family: address.family, value: address.value & mask, mask };
}

function parseMask(text: string, family: Family): bigint | null {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= addressBits(family) ? prefixMask(family, Number(text)) : null;
  const mask = parseAddress(text);
  return mask?.family === family ? mask.value : null;
}

/** Gives the prefix length of a network's mask, or null if the mask is not contiguous. */
export function prefixLength(network: Network): number | null {
  return LENGTHS[network.family].get(network.mask) ?? null;
}

/** Gives a network's text as iptables prints it: `10.0.0.0/8`, `127.0.0.6/32`, or with a dotted mask where it is not contiguous. */
export function renderNetwork(network: Network): string {
  const length = prefixLength(network);
  return `${renderAddress(network.family, network.value)}/${length ?? renderAddress(network.family, network.mask)}`;
}

/** Says whether a network holds an address, given as its number; both must be of one family, which is not checked. */
export function networkHolds(network: Pick<Network, "mask" | "value">, address: bigint): boolean {
  return (address & network.mask) === network.value;
}

/** Gives `a.b.c.d:port` or `[v6]:port`, the form of every end point in reports. */
export function renderEndpoint(address: string, port: number): string {
  return familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Takes `a.b.c.d:port` or `[v6]:port` apart; the inverse of {@link renderEndpoint}. Null if it is no end point. */
export function parseEndpoint(text: string): { readonly address: string; readonly port: number } | null {
  const found = /^(?:\[([^\]]*:[^\]]*)\]|([\d.]+)):(0|[1-9]\d{0,4})$/.exec(text);
  const address = canonicalAddress(found?.[1] ?? found?.[2] ?? "");
  const port = Number(found?.[3]);
  return address !== null && port <= 65535 ? { address, port } : null;
}
