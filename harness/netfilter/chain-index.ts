import { type Network, networkHolds } from "../model/address.ts";
import type { CompareKeyName, CompareMatch } from "../model/compare.ts";
import type { Match } from "../model/match.ts";
import type { CompiledChain, CompiledRule } from "./compiled-chain.ts";
import type { Packet } from "./packet.ts";
import { HEADER_MATCHES } from "./recorder.ts";

/** Rules of a chain by the network that they ask a packet to go to. */
interface ChainIndex {
  /** By mask, and then by the network's address. */
  readonly byNetwork: ReadonlyMap<bigint, ReadonlyMap<AddressKey, readonly CompiledRule[]>>;
  /** Those that ask for no network. */
  readonly others: readonly CompiledRule[];
}

/** An address as maps find it fast: as a number where it is one of IPv4. */
type AddressKey = number | bigint;

/** Chains with fewer rules are read from end to end. */
const INDEXED_FROM = 32;
/** Packets for which a chain's networks are held against their destination one by one: for a few, this costs less than an index. */
const PACKETS_UNINDEXED = 4;
const KNOWN = new WeakMap<CompiledChain, ChainIndex>();
const ASKED = new WeakMap<CompiledChain, number>();

/**
 * Gives the rules of a chain that a packet may match, in order: those that ask for a destination in another network (`-d 10.96.0.1/32`,
 * `ip daddr 10.96.0.1`) are left out. Services of a cluster have such a rule each, and of thousands a packet matches one.
 */
export function listCandidates(chain: CompiledChain, { destination }: Packet): readonly CompiledRule[] {
  if (chain.rules.length < INDEXED_FROM || destination.last !== destination.value) return chain.rules;
  const index = KNOWN.get(chain) ?? openIndex(chain);
  if (index === null) return chain.rules.filter((rule) => mayGoTo(rule, destination.value));
  const named: CompiledRule[] = [];
  for (const [mask, rules] of index.byNetwork)
    for (const rule of rules.get(keyOf(destination.value & mask)) ?? []) named.push(rule);
  if (named.length === 0) return index.others;
  named.sort((one, other) => one.index - other.index);
  const merged: CompiledRule[] = [];
  let i = 0;
  for (const other of index.others) {
    for (let next = named[i]; next !== undefined && next.index < other.index; next = named[++i]) merged.push(next);
    merged.push(other);
  }
  for (const rule of named.slice(i)) merged.push(rule);
  return merged;
}

/** Gives the index of a chain that has none yet; null for its first packets. */
function openIndex(chain: CompiledChain): ChainIndex | null {
  const asked = ASKED.get(chain) ?? 0;
  ASKED.set(chain, asked + 1);
  if (asked < PACKETS_UNINDEXED) return null;
  const index = buildIndex(chain);
  KNOWN.set(chain, index);
  return index;
}

function mayGoTo(rule: CompiledRule, address: bigint): boolean {
  const network = findNetwork(rule);
  return network === null || networkHolds(network, address);
}

function buildIndex({ rules }: CompiledChain): ChainIndex {
  const byNetwork = new Map<bigint, Map<AddressKey, CompiledRule[]>>();
  const others: CompiledRule[] = [];
  for (const rule of rules) {
    const network = findNetwork(rule);
    if (network === null) others.push(rule);
    else placeRule(byNetwork, network, rule);
  }
  return { byNetwork, others };
}

function placeRule(
  byNetwork: Map<bigint, Map<AddressKey, CompiledRule[]>>,
  { mask, value }: Pick<Network, "mask" | "value">,
  rule: CompiledRule,
): void {
  const known = byNetwork.get(mask);
  const ofMask = known ?? new Map<AddressKey, CompiledRule[]>();
  if (!known) byNetwork.set(mask, ofMask);
  const key = keyOf(value);
  const rules = ofMask.get(key);
  if (rules) rules.push(rule);
  else ofMask.set(key, [rule]);
}

function keyOf(address: bigint): AddressKey {
  return address <= 0xffffffffn ? Number(address) : address;
}

/**
 * Gives a network in which the destination of every packet is that matches a rule; null where the rule asks for none, or for something else
 * before that is not in a packet's header.
 */
function findNetwork({ matches }: CompiledRule): Pick<Network, "mask" | "value"> | null {
  for (const match of matches) {
    if (match.kind === "destination" && !match.negated) return match.network;
    const network = match.kind === "compare" ? networkOfCompare(match) : null;
    if (network !== null) return network;
    // Whether another match is asked is to be seen, and may be a question.
    if (!looksAtHeader(match)) return null;
  }
  return null;
}

/** Keys that read nothing but the fields of a packet itself, and always have an answer. */
const HEADER_KEYS: readonly CompareKeyName[] = ["meta l4proto", "meta nfproto", "meta iifname", "meta oifname"];

function looksAtHeader(match: Match): boolean {
  return match.kind === "compare"
    ? match.keys.every(({ name }) => HEADER_KEYS.includes(name))
    : HEADER_MATCHES.has(match.kind);
}

/** Gives the network that `ip daddr 10.96.0.0/16` asks for; null where a comparison asks for something else, or for more. */
function networkOfCompare({ keys, operator, elements }: CompareMatch): Pick<Network, "mask" | "value"> | null {
  const [key, range] = [keys[0], elements[0]?.[0]];
  if (operator !== "==" || keys.length !== 1 || elements.length !== 1 || key?.mask !== null) return null;
  const whole = WHOLE_NETWORKS[key.name];
  if (whole === undefined || range === undefined || !("first" in range)) return null;
  const { first, last } = range;
  const host = first ^ last;
  const isNetwork = (host & (host + 1n)) === 0n && (first & host) === 0n;
  return isNetwork ? { value: first, mask: whole ^ host } : null;
}

/** Every bit of the addresses that a key reads. A packet of the other family may be shown to its rules, and matches none. */
const WHOLE_NETWORKS: Readonly<Partial<Record<CompareKeyName, bigint>>> = {
  "ip daddr": (1n << 32n) - 1n,
  "ip6 daddr": (1n << 128n) - 1n,
};
