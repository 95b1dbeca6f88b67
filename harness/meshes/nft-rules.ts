import { type Family, familyOf, parseNetwork } from "../model/address.ts";
import {
  type CompareElement,
  type CompareKeyName,
  type CompareOperator,
  makeKey,
  PROTOCOL_NUMBERS,
  STATE_BITS,
} from "../model/compare.ts";
import type { Match, Range } from "../model/match.ts";
import type { BaseChain, Chain, Rule, Table } from "../model/ruleset.ts";
import type { Statement, Target } from "../model/target.ts";
import { networkRanges } from "../model/value-ranges.ts";

/** Gives a rule that ends with one target and counts nothing: `tcp dport 80 return`. */
export function makeNftRule(matches: readonly Match[], target: Target): Rule {
  return { matches, target };
}

/** Gives a rule that counts before it does something: `tcp dport 80 counter return`. */
export function makeCountingRule(matches: readonly Match[], ...targets: readonly Target[]): Rule {
  return { matches, target: inOrder({ kind: "counter", name: null }, ...targets) };
}

/** Gives several targets as one: each in order (nft(8), STATEMENTS). */
function inOrder(...targets: readonly Target[]): Target {
  return { kind: "statements", statements: targets.map((target): Statement => ({ target })) };
}

/** Gives the match `meta l4proto tcp`, which compares the protocol's number. */
export function isProtocol(protocol: "tcp" | "udp"): Match {
  return compareNumber("meta l4proto", PROTOCOL_NUMBERS[protocol]);
}

/** Gives the match `meta nfproto ipv6` (`NFPROTO_IPV4` and `NFPROTO_IPV6` in include/uapi/linux/netfilter.h). */
export function isFamily(family: Family): Match {
  return compareNumber("meta nfproto", family === 4 ? 2 : 10);
}

/** Gives the match `iifname "eth0"` or `oifname "lo"`. */
export function isInterface(key: "meta iifname" | "meta oifname", name: string): Match {
  return compare(key, "==", [{ name }]);
}

/** Gives a match such as `tcp dport 80` or `udp sport 8000-8100`. */
export function isPort(key: CompareKeyName, { first, last }: Range): Match {
  return compare(key, "==", [{ first: BigInt(first), last: BigInt(last) }]);
}

/** `tcp dport != 80`, and of several ports `tcp dport != { 53, 80 }`, in the order in which nft prints them. */
export function isNoPort(key: CompareKeyName, ports: readonly number[]): Match {
  const sorted = [...new Set(ports)].toSorted((a, b) => a - b).map(BigInt);
  return compare(key, "!=", ...sorted.map((port): CompareElement => [{ first: port, last: port }]));
}

/** Gives a match such as `meta skuid 1337` or `meta skgid != 1000-2000`. */
export function isOwner(what: "uid" | "gid", { first, last }: Range, operator: "==" | "!=" = "=="): Match {
  return compare(`meta sk${what}`, operator, [{ first: BigInt(first), last: BigInt(last) }]);
}

/**
 * Gives a match such as `ip daddr 10.0.0.0/8` or `ip6 saddr != ::1`; the family is the network's. A network that holds every address asks
 * for the family alone, as `ip daddr 0.0.0.0/0` does. Throws a RangeError for a text that is not a network.
 */
export function isAddress(end: "saddr" | "daddr", network: string, operator: "==" | "!=" = "=="): Match {
  const ranges = networkRanges(parseNetwork(network) ?? refuse(network));
  return compare(
    `${familyNameOf(network)} ${end}`,
    operator,
    ...ranges.map(([first, last]): CompareElement => [{ first, last }]),
  );
}

/** Gives a match such as `meta mark 0x539` or `ct mark != 0x53a`; marks are unsigned 32-bit numbers. */
export function isMark(key: "meta mark" | "ct mark", value: number, operator: "==" | "!=" = "=="): Match {
  return compare(key, operator, [{ first: BigInt(value), last: BigInt(value) }]);
}

/** `ct state related,established`: any of the states. */
export function isState(...states: readonly (keyof typeof STATE_BITS)[]): Match {
  const bits = BigInt(states.reduce((sum, state) => sum | STATE_BITS[state], 0));
  return compare("ct state", "any-bit", [{ first: bits, last: bits }]);
}

/** Gives the statement `meta mark set 0x539`; marks are unsigned 32-bit numbers. */
export function setMark(value: number): Target {
  return { kind: "assign", to: "packet", from: "value", and: 0, xor: value };
}

/** Gives the statement `ct mark set meta mark`, or `meta mark set ct mark`. */
export function copyMark(from: "packet" | "connection"): Target {
  return { kind: "assign", to: from === "packet" ? "connection" : "packet", from, and: 0xffffffff, xor: 0 };
}

/** Gives a table of both families, its chains in the order given. */
export function makeNftTable(name: string, chains: readonly Chain[]): Table {
  return { family: "inet", source: "nft", name, chains };
}

/** Gives a chain that the kernel calls, with the policy accept. */
export function makeBaseChain(
  name: string,
  { hook, type, priority }: Omit<BaseChain, "policy">,
  rules: readonly Rule[],
): Chain {
  return { name, base: { hook, type, priority, policy: "ACCEPT" }, rules };
}

/** Gives `ip` or `ip6`, as nft names what it reads of an address's packets. */
export function familyNameOf(network: string): "ip" | "ip6" {
  return familyOf(network.split("/")[0] ?? network) === 4 ? "ip" : "ip6";
}

function compareNumber(key: CompareKeyName, value: number): Match {
  return compare(key, "==", [{ first: BigInt(value), last: BigInt(value) }]);
}

function compare(key: CompareKeyName, operator: CompareOperator, ...elements: readonly CompareElement[]): Match {
  return { kind: "compare", keys: [makeKey(key)], operator, elements, set: null };
}

function refuse(network: string): never {
  throw new RangeError(`"${network}" is not a network.`);
}
