import type { Family } from "./address.ts";
import type { Identity } from "./contract.ts";
import type { Flow } from "./flow.ts";
import type { FlowText } from "./flow-text.ts";
import { parseOwner } from "./flow-who.ts";
import {
  APP_ID,
  addressOwner,
  hostOfActor,
  isLoopback,
  loopbackAddress,
  type Owner,
  type SandboxAddresses,
  vmGateway,
  vmLinks,
} from "./pod.ts";
import { identityOf, type PodShape } from "./pod-shape.ts";

/** Resolves a flow's names to the addresses of a sandbox and the owners of its actors, by the pod's shape. */
export function resolveFlow(flow: FlowText, addresses: SandboxAddresses, shape: PodShape): Flow {
  const { family, port, protocol } = flow;
  const further = shape.hosts[flow.actor]?.[family];
  const address = dialledAddress(flow, addresses, shape);
  const { mark: own, ...known } = actorIdentity(flow.actor, shape);
  const owner = { ...known, ...flow.ids };
  const mark = flow.mark === 0 ? own : flow.mark;
  const route = { actor: flow.actor, family, destination: address };
  const source = flow.source ?? further ?? findSource(route, addresses, shape);
  return {
    flow: flow.text,
    family,
    protocol,
    ...(flow.exchange === "again" ? { exchange: flow.exchange } : {}),
    from: {
      actor: further === undefined ? actorAt(flow, addresses) : "upstream",
      address: source,
      ...owner,
      ...(flow.sourcePort === null ? {} : { port: flow.sourcePort }),
      ...(mark === 0 ? {} : { mark }),
    },
    to: { target: flow.target, address, port },
  };
}

/** Every address that no other host has is upstream's, as a source too: who comes from outside with one is upstream, whatever its name. */
function actorAt({ actor, source }: FlowText, addresses: SandboxAddresses): string {
  if (actor !== "client" || source === null || isLoopback(source)) return actor;
  const owner = addressOwner(source, addresses);
  return owner === "client" || owner === "pod" ? actor : "upstream";
}

/**
 * The unspecified address is dialled as loopback: over IPv4 as the source that the socket is bound to, if it is (ip_route_connect in
 * include/net/route.h; ip_route_output_key_hash_rcu in net/ipv4/route.c), over IPv6 always as ::1 (tcp_v6_connect in net/ipv6/tcp_ipv6.c).
 */
function dialledAddress(
  { target, family, source }: FlowText,
  addresses: SandboxAddresses,
  { hosts }: PodShape,
): string {
  const named = hosts[target];
  if (named) return named[family];
  if (target === "::") return loopbackAddress(6);
  return target === "0.0.0.0" ? (source ?? loopbackAddress(4)) : targetAddress(target, family, addresses);
}

/** Gives the address behind a target's name in a sandbox; what is no name is an address already. */
export function targetAddress(target: string, family: Family, addresses: SandboxAddresses): string {
  if (target === "localhost") return loopbackAddress(family);
  if (target === "pod" || target === "client" || target === "upstream") return addresses[target][family];
  return target;
}

/** Gives who an actor of the pod is; those outside dial as root. */
export function actorIdentity(actor: string, shape: Pick<PodShape, "proxies" | "listeners">): Identity {
  if (actor === "app") return { uid: APP_ID, gid: APP_ID, mark: 0 };
  const owner: Owner = parseOwner(actor) ?? { uid: 0, gid: 0 };
  return identityOf(shape, actor) ?? { ...owner, mark: 0 };
}

interface Route {
  readonly actor: string;
  readonly family: Family;
  readonly destination: string;
}

/** The pod dials a vm from its own address on their link, where there is one. */
function findSource({ actor, family, destination }: Route, addresses: SandboxAddresses, shape: PodShape): string {
  const isOverLink = leadsToVm(actor, destination, addresses) && vmLinks({ shape }).length > 0;
  return isOverLink ? vmGateway(0, addresses)[family] : findRouteSource(actor, family, destination, addresses);
}

function leadsToVm(actor: string, destination: string, addresses: SandboxAddresses): boolean {
  return hostOfActor(actor) === "pod" && !isLoopback(destination) && addressOwner(destination, addresses) === "vm";
}

/** Says whether a socket that is not bound may have this source: that of {@link findRouteSource}, or towards a vm that of their link. */
export function isRouteSource(
  source: string,
  actor: string,
  family: Family,
  destination: string,
  addresses: SandboxAddresses,
): boolean {
  if (source === findRouteSource(actor, family, destination, addresses)) return true;
  return leadsToVm(actor, destination, addresses) && source === vmGateway(0, addresses)[family];
}

/**
 * Gives the source that the kernel would choose: the destination itself where it is the host's own, else the host's address on its link.
 */
export function findRouteSource(
  actor: string,
  family: Family,
  destination: string,
  addresses: SandboxAddresses,
): string {
  // The kernel's route to 127.0.0.0/8 names 127.0.0.1 as its source.
  if (isLoopback(destination)) return family === 4 ? loopbackAddress(4) : destination;
  const host = hostOfActor(actor);
  return addressOwner(destination, addresses) === host ? destination : addresses[host][family];
}
