import { addressOwner, isLoopback, type SandboxAddresses } from "./pod.ts";
import type { PodShape } from "./pod-shape.ts";

/** Port of DNS servers. */
const DNS_PORT = 53;

/**
 * Gives the end point that a pod's names are resolved at: the first server of its resolver file; null where that names none.
 *
 * @example
 * resolverOf({ resolvers: ["10.96.0.10", "10.96.0.11"] })   // { address: "10.96.0.10", port: 53 }
 */
export function resolverOf({
  resolvers: [address],
}: Pick<PodShape, "resolvers">): { readonly address: string; readonly port: number } | null {
  return address === undefined ? null : { address, port: DNS_PORT };
}

/** Gives that end point where a listener of the pod asks it, and it stands with upstream; else null. */
export function resolverOutside(shape: PodShape, addresses: SandboxAddresses): ReturnType<typeof resolverOf> {
  const asks = shape.listeners.some(({ host, dials }) => host === "pod" && dials.kind === "resolver");
  const resolver = asks ? resolverOf(shape) : null;
  const isThere = resolver !== null && !isLoopback(resolver.address);
  return isThere && addressOwner(resolver.address, addresses) === "upstream" ? resolver : null;
}
