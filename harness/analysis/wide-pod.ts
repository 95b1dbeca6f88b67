import { type Family, renderAddress } from "../model/address.ts";
import { isLoopback, type PodSpec, type SandboxAddresses } from "../model/pod.ts";
import type { EndBinding } from "./packet-views.ts";

/** Where flows may end outside the pod, be it that they dial it or that a rule sends them there. */
export interface PeerEnds {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

/**
 * Gives a pod whose peers are there wherever flows may end, beside what they have already: both listen on the ports, and upstream owns
 * every address that is no host's and no loopback address. Without it a flow left alone or sent on could not be told from one that is lost.
 * Whether a sandbox can give upstream an address (`canBeElsewhere`) is the caller's to ask: an analysis takes any for granted.
 *
 * @example
 * widenPod(spec, { addresses: ["192.0.2.1", "127.0.0.6"], ports: [80] }, DEFAULT_ADDRESSES).upstreamAddresses // ["192.0.2.1"]
 */
export function widenPod(spec: PodSpec, { addresses, ports }: PeerEnds, hosts: SandboxAddresses): PodSpec {
  const taken = Object.values(hosts).flatMap((host) => [host[4], host[6]]);
  const strangers = addresses.filter((address) => !isLoopback(address) && !taken.includes(address));
  return {
    ...spec,
    upstreamPorts: unite(spec.upstreamPorts, ports),
    clientPorts: unite(spec.clientPorts, ports),
    upstreamAddresses: unite(spec.upstreamAddresses, strangers),
  };
}

/** Gives the ends that rewriting names itself; an address or a port that stays as the flow has it is none. */
export function listFixedEnds(family: Family, ends: readonly EndBinding[]): PeerEnds {
  return {
    addresses: ends.flatMap(({ address }) => (typeof address === "bigint" ? [renderAddress(family, address)] : [])),
    ports: ends.flatMap(({ port }) => (typeof port === "number" ? [port] : [])),
  };
}

function unite<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  return [...new Set([...some, ...others])];
}
