import {
  type CompareKey,
  type CompareKeyName,
  FIB_TYPES,
  makeKey,
  PROTOCOL_NUMBERS,
  STATE_BITS,
  STATUS_BITS,
} from "../../model/compare.ts";
import { type Json, listOf, textOf, unwrap } from "./ast.ts";

/** How the values of a key are written. `flags`: its words are bits that can be put together. */
export interface KeyType {
  readonly kind: "number" | "flags" | "address" | "interface" | "boolean";
  /** The width of a value in bits. */
  readonly bits: number;
  /** Numbers that have names; `aliases` are read, and not written. */
  readonly words: Readonly<Record<string, number>>;
  readonly aliases?: Readonly<Record<string, number>>;
  /** Whose names stand for numbers where the machine knows them. */
  readonly names?: "user" | "group" | "service";
}

const number = (bits: number): KeyType => ({ kind: "number", bits, words: {} });
const PORT: KeyType = { ...number(16), names: "service" };
const PROTOCOL: KeyType = { ...number(8), words: PROTOCOL_NUMBERS, aliases: { icmpv6: 58, icmp6: 58 } };
const INTERFACE: KeyType = { kind: "interface", bits: 128, words: {} };
const IPV4: KeyType = { kind: "address", bits: 32, words: {} };
const IPV6: KeyType = { kind: "address", bits: 128, words: {} };
const FAMILY: KeyType = { ...number(8), words: { ipv4: 2, ipv6: 10 } };
const FIB: KeyType = { ...number(32), words: FIB_TYPES };
const BOOLEAN: KeyType = { kind: "boolean", bits: 1, words: {} };
const EXISTENCE: KeyType = { ...BOOLEAN, words: { exists: 1, missing: 0 } };
const TCP_FLAGS = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128 };

/** One entry a key: a key without one does not compile. Types and words: nft(8), EXPRESSIONS and DATA TYPES; src/datatype.c, 1.0.6. */
const KEY_TYPES = {
  "meta l4proto": PROTOCOL,
  "meta nfproto": FAMILY,
  "meta protocol": { ...number(16), words: { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, "8021q": 0x8100 } },
  "meta iifname": INTERFACE,
  "meta oifname": INTERFACE,
  "meta iif": INTERFACE,
  "meta oif": INTERFACE,
  "meta skuid": { ...number(32), names: "user" },
  "meta skgid": { ...number(32), names: "group" },
  "meta mark": number(32),
  "ct state": { kind: "flags", bits: 32, words: STATE_BITS },
  "ct status": { kind: "flags", bits: 32, words: STATUS_BITS },
  "ct direction": { ...number(8), words: { original: 0, reply: 1 } },
  "ct mark": number(32),
  "ct zone": number(16),
  "ct l3proto": FAMILY,
  "ct protocol": PROTOCOL,
  "ct saddr": { kind: "address", bits: 128, words: {} },
  "ct daddr": { kind: "address", bits: 128, words: {} },
  "ct proto-src": PORT,
  "ct proto-dst": PORT,
  "ip saddr": IPV4,
  "ip daddr": IPV4,
  "ip protocol": PROTOCOL,
  "ip ttl": number(8),
  "ip6 saddr": IPV6,
  "ip6 daddr": IPV6,
  "ip6 nexthdr": PROTOCOL,
  "ip6 hoplimit": number(8),
  "tcp sport": PORT,
  "tcp dport": PORT,
  "tcp flags": { kind: "flags", bits: 8, words: TCP_FLAGS },
  "udp sport": PORT,
  "udp dport": PORT,
  "th sport": PORT,
  "th dport": PORT,
  "icmp type": {
    ...number(8),
    words: {
      "echo-reply": 0,
      "destination-unreachable": 3,
      "source-quench": 4,
      redirect: 5,
      "echo-request": 8,
      "router-advertisement": 9,
      "router-solicitation": 10,
      "time-exceeded": 11,
      "parameter-problem": 12,
    },
  },
  "icmpv6 type": {
    ...number(8),
    words: {
      "destination-unreachable": 1,
      "packet-too-big": 2,
      "time-exceeded": 3,
      "parameter-problem": 4,
      "echo-request": 128,
      "echo-reply": 129,
      "nd-router-solicit": 133,
      "nd-router-advert": 134,
      "nd-neighbor-solicit": 135,
      "nd-neighbor-advert": 136,
      "nd-redirect": 137,
    },
  },
  "fib saddr type": FIB,
  "fib daddr type": FIB,
  "fib saddr oif": EXISTENCE,
  "socket transparent": BOOLEAN,
  "socket wildcard": BOOLEAN,
} satisfies Record<CompareKeyName, KeyType>;

/** Gives how the values of a key are written. */
export function typeOfKey({ name, family }: CompareKey): KeyType {
  if (family !== null) return family === "ip" ? IPV4 : IPV6;
  return KEY_TYPES[name];
}

/**
 * Reads an expression that stands for a key, `{ "meta": { "key": "mark" } }`; null for one that is not known.
 *
 * @example
 * readKey({ meta: { key: "mark" } })   // { name: "meta mark", direction: null, family: null, device: null, mask: null }
 */
export function readKey(expression: Json): CompareKey | null {
  const found = unwrap(expression);
  if (found === null) return null;
  const [kind, body] = found;
  if (kind === "payload") return knownKey(`${textOf(body, "protocol")} ${textOf(body, "field")}`);
  if (kind === "meta" || kind === "socket") return knownKey(`${kind} ${textOf(body, "key")}`);
  if (kind === "ct") return readConnectionKey(body);
  return kind === "fib" ? readFibKey(body) : null;
}

function knownKey(name: string): CompareKey | null {
  return isKeyName(name) ? makeKey(name) : null;
}

function isKeyName(name: string): name is CompareKeyName {
  return Object.hasOwn(KEY_TYPES, name);
}

const DIRECTIONS = ["original", "reply"] as const;

function readConnectionKey(body: Json): CompareKey | null {
  const [, family = null, key = ""] = /^(?:(ip6?) )?(.+)$/.exec(textOf(body, "key") ?? "") ?? [];
  const name = `ct ${key}`;
  const direction = DIRECTIONS.find((one) => one === textOf(body, "dir")) ?? null;
  const needsDirection = /^ct (?:[sd]addr|proto-(?:src|dst))$/.test(name);
  if (!isKeyName(name) || needsDirection !== (direction !== null)) return null;
  return makeKey(name, { direction, family: family === "ip" || family === "ip6" ? family : null });
}

function readFibKey(body: Json): CompareKey | null {
  const flags = listOf(body, "flags").map(String);
  const [address, device = null, ...others] = flags.toSorted((one) => (one.endsWith("addr") ? -1 : 1));
  const result = textOf(body, "result");
  const name = `fib ${address} ${result}`;
  if (!isKeyName(name) || others.length > 0) return null;
  if (device !== null && device !== "iif" && device !== "oif") return null;
  // The reverse path is that by which the packet came; other questions about an address's route are not read.
  return result === "oif" && device !== "iif" ? null : makeKey(name, { device });
}

/** Gives a key as an expression; the inverse of {@link readKey}, its mask aside. */
export function writeKey({ name, direction, family, device }: CompareKey): Json {
  const [kind = "", ...rest] = name.split(" ");
  const field = rest.join(" ");
  const [address = "", result = ""] = rest;
  if (kind === "fib") return { fib: { result, flags: [address, ...(device === null ? [] : [device])] } };
  if (kind === "meta" || kind === "socket") return { [kind]: { key: field } };
  if (kind !== "ct") return { payload: { protocol: kind, field } };
  const key = family === null ? field : `${family} ${field}`;
  return { ct: direction === null ? { key } : { key, dir: direction } };
}
