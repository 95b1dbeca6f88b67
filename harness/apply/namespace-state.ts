import { type NetworkState, readNetworkState } from "./network-state.ts";
import { type NftState, readNftTables } from "./nft-tables.ts";
import { type InstalledRules, readVariants } from "./toolsets.ts";

/** What the network namespace has before anything is done to it. */
export interface NamespaceState {
  readonly network: NetworkState;
  /** Rules of each variant that is there, first the one that `iptables` stands for. */
  readonly variants: readonly [InstalledRules, ...InstalledRules[]];
  readonly nft: NftState;
}

/** Reads addresses, policy routing and rules. Throws `environment` where they cannot be read. */
export function readNamespaceState(): NamespaceState {
  return { network: readNetworkState(), variants: readVariants(), nft: readNftTables() };
}
