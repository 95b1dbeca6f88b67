import type { Family } from "../model/address.ts";
import { type CaptureConfig, isIpv6Pod } from "../model/capture-config.ts";
import type { Flow } from "../model/flow.ts";
import {
  type HostName,
  hostOfActor,
  isLoopback,
  type Owner,
  PASS_THROUGH_ADDRESS,
  type SandboxAddresses,
} from "../model/pod.ts";

/** One TCP connection as intent sees it: a flow's own, or one that the stub Envoy dials in its course. */
export interface Connection {
  readonly family: Family;
  /** The host whose process dials. */
  readonly startedOn: HostName;
  readonly owner: Owner;
  /** The address it comes from, canonical text. */
  readonly source: string;
  /** The address dialled, canonical text. */
  readonly destination: string;
  readonly port: number;
}

/** Gives the connection that a flow begins with. */
export function openConnection(flow: Flow): Connection {
  return {
    family: flow.family,
    startedOn: hostOfActor(flow.from.actor),
    owner: { uid: flow.from.uid, gid: flow.from.gid },
    source: flow.from.address,
    destination: flow.to.address,
    port: flow.to.port,
  };
}

/** Says whether an address is the pod's own, seen from inside: on its interface or on lo (`::6` on IPv6 pods only). */
export function isPodsOwn(address: string, config: CaptureConfig, addresses: SandboxAddresses): boolean {
  if (address === PASS_THROUGH_ADDRESS[6]) return isIpv6Pod(config);
  return isLoopback(address) || address === addresses.pod[4] || address === addresses.pod[6];
}
