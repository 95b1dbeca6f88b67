import type { Family } from "../../model/address.ts";
import { DEFAULT_ADDRESSES, type HostName, type SandboxAddresses } from "../../model/pod.ts";
import type { HostAddresses } from "../../model/pod-shape.ts";

/** How many networks of one kind the pool holds. */
export const POOL_SIZE = 256;

/** The two networks of a sandbox: where pod, client and upstream meet, and where a `vm` stands behind the pod. */
export type NetworkKind = "pod" | "vm";

/** One place of the pool: the subnets of both families. */
export type Subnets = Readonly<Record<Family, string>>;

/**
 * Gives the subnets at a place of the pool. Place 0 holds the default addresses (10.244.0.0/24 and fd00:244::/64); the pool runs on in the
 * third number: place 7 is 10.244.7.0/24 and fd00:244:7::/64.
 */
export function subnetsAt(kind: NetworkKind, place: number): Subnets {
  const base = kind === "pod" ? 244 : 245;
  return { 4: `10.${base}.${place}.0/24`, 6: `fd00:${base}:${place}::/64`.replace(":0::", "::") };
}

/** Gives a host's addresses at a place of the pool: those of the default, moved to its subnets. */
export function addressesAt(host: HostName, place: number): HostAddresses {
  const { 4: v4, 6: v6 } = DEFAULT_ADDRESSES[host];
  const [a, b, , d] = v4.split(".");
  return { 4: `${a}.${b}.${place}.${d}`, 6: place === 0 ? v6 : v6.replace("::", `:${place}::`) };
}

/** Gives the addresses of every host of a sandbox at a place of the pool. */
export function sandboxAddressesAt(place: number): SandboxAddresses {
  const at = (host: HostName) => addressesAt(host, place);
  return { pod: at("pod"), client: at("client"), upstream: at("upstream"), vm: at("vm") };
}
