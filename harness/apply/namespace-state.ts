import { type NetworkState, readNetworkState } from "./network-state.ts";
import { type ReadRules, readVariants } from "./toolsets.ts";

/** What the network namespace has before anything is done to it. */
export interface NamespaceState {
  readonly network: NetworkState;
  /** Rules of each variant that is there, first the one that `iptables` stands for. */
  readonly variants: readonly [ReadRules, ...ReadRules[]];
}

/** Reads addresses, policy routing and rules, all at once. Throws `environment` where they cannot be read. */
export async function readNamespaceState(): Promise<NamespaceState> {
  const [network, variants] = await Promise.all([readNetworkState(), readVariants()]);
  return { network, variants };
}
