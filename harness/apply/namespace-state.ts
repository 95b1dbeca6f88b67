import { type Look, lookAtOnce, type Question } from "./look.ts";
import { NETWORK_QUESTIONS, type NetworkState, readNetworkState } from "./network-state.ts";
import { findNftQuestion, type NftState, readNftTables } from "./nft-tables.ts";
import { type InstalledRules, listSaveQuestions, readVariants, type Variant } from "./toolsets.ts";

/** What the network namespace has before anything is done to it. */
export interface NamespaceState {
  readonly network: NetworkState;
  /** Rules of each variant that is there, first the one that `iptables` stands for. */
  readonly variants: readonly [InstalledRules, ...InstalledRules[]];
  readonly nft: NftState;
  /** The variant that rules are to go into; null for the one in use. */
  readonly chosen: Variant | null;
}

/** Gives a look at the namespace that knows what {@link readNamespaceState} asks in every case, and what else is to be asked. */
export function lookAtNamespace(more: readonly Question[] = []): Look {
  return lookAtOnce([...NETWORK_QUESTIONS, ...listSaveQuestions(), findNftQuestion() ?? [], ...more].flat());
}

/** Reads addresses, policy routing and rules. Throws `environment` where they cannot be read, or `chosen` is not there. */
export function readNamespaceState(chosen: Variant | null, look: Look): NamespaceState {
  return { network: readNetworkState(look), variants: readVariants(chosen, look), nft: readNftTables(look), chosen };
}
