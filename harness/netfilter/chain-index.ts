import { addressBits } from "../model/address.ts";
import type { CompiledChain, CompiledRule } from "./compiled-chain.ts";
import type { Packet } from "./packet.ts";

/** Rules of a chain by the one address that they ask a packet to go to, with their places in the chain. */
interface ChainIndex {
  readonly byDestination: ReadonlyMap<bigint, readonly PlacedRule[]>;
  /** Those that ask for no single address. */
  readonly others: readonly PlacedRule[];
}

interface PlacedRule {
  readonly at: number;
  readonly rule: CompiledRule;
}

/** Chains with fewer rules are read from end to end. */
const INDEXED_FROM = 32;
const KNOWN = new WeakMap<CompiledChain, ChainIndex>();

/**
 * Gives the rules of a chain that a packet may match, in order: those that ask for another single destination address (`-d 10.96.0.1/32`)
 * are left out. Services of a cluster have such a rule each, and of thousands a packet matches one.
 */
export function listCandidates(chain: CompiledChain, { destination }: Packet): readonly CompiledRule[] {
  if (chain.rules.length < INDEXED_FROM || destination.last !== destination.value) return chain.rules;
  const index = KNOWN.get(chain) ?? buildIndex(chain);
  KNOWN.set(chain, index);
  const named = index.byDestination.get(destination.value) ?? [];
  const merged: CompiledRule[] = [];
  let i = 0;
  for (const other of index.others) {
    for (let next = named[i]; next !== undefined && next.at < other.at; next = named[++i]) merged.push(next.rule);
    merged.push(other.rule);
  }
  for (const { rule } of named.slice(i)) merged.push(rule);
  return merged;
}

function buildIndex({ rules }: CompiledChain): ChainIndex {
  const byDestination = new Map<bigint, PlacedRule[]>();
  const others: PlacedRule[] = [];
  for (const [at, rule] of rules.entries()) {
    const destination = findDestination(rule);
    const known = destination === null ? others : byDestination.get(destination);
    if (known) known.push({ at, rule });
    else if (destination !== null) byDestination.set(destination, [{ at, rule }]);
  }
  return { byDestination, others };
}

function findDestination({ matches }: CompiledRule): bigint | null {
  for (const match of matches) {
    if (match.kind !== "destination" || match.negated) continue;
    const { family, value, mask } = match.network;
    if (mask === (1n << BigInt(addressBits(family))) - 1n) return value;
  }
  return null;
}
