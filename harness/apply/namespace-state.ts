import { type NetworkState, readNetworkState } from "./network-state.ts";
import { type NftState, readNftTables } from "./nft-tables.ts";
import { type InstalledRules, readVariants, type Variant } from "./toolsets.ts";

/** What the network namespace has before anything is done to it. */
export interface NamespaceState {
  readonly network: NetworkState;
  /** Rules of each variant that is there, first the one that `iptables` stands for. */
  readonly variants: readonly [InstalledRules, ...InstalledRules[]];
  readonly nft: NftState;
  /** The variant that rules are to go into; null for the one in use. */
  readonly chosen: Variant | null;
}

/** Reads addresses, policy routing and rules. Throws `environment` where they cannot be read, or `chosen` is not there. */
export function readNamespaceState(chosen: Variant | null): NamespaceState {
  return { network: readNetworkState(), variants: readVariants(chosen), nft: readNftTables(), chosen };
}
