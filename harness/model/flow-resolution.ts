import type { Family } from "./address.ts";
import type { Identity } from "./contract.ts";
import type { Flow, FlowSpec } from "./flow.ts";
import { nameWho } from "./flow-spec.ts";
import {
  APP_ID,
  addressOwner,
  hostOfActor,
  isLoopback,
  loopbackAddress,
  type SandboxAddresses,
  vmGateway,
  vmLinks,
} from "./pod.ts";
import { identityOf } from "./pod-names.ts";
import type { PodShape } from "./pod-shape.ts";

/**
 * Resolves a flow's names to the addresses of a sandbox and the owners of its actors, by the pod's shape. Total: an actor or target that
 * the shape does not know was refused when the flow was read.
 *
 * @example
 * resolveFlow(spec, DEFAULT_ADDRESSES, shape)   // client -> pod:8080
 * // { spec, family: 4, protocol: "tcp", from: { actor: "client", address: "10.244.0.3", uid: 0, gid: 0 },
 * //   to: { target: "pod", address: "10.244.0.2", port: 8080 } }
 */
export function resolveFlow(spec: FlowSpec, addresses: SandboxAddresses, shape: PodShape): Flow {
  const { family, port, protocol } = spec;
  const actor = nameWho(spec);
  const further = shape.hosts[actor]?.[family];
  const address = dialledAddress(spec, addresses, shape);
  const { mark: own, uid, gid } = actorIdentity(actor, shape);
  const mark = spec.mark === 0 ? own : spec.mark;
  const source = spec.source ?? further ?? findSource({ actor, family, destination: address }, addresses, shape);
  return {
    spec,
    family,
    protocol,
    ...(spec.exchange === "again" ? { exchange: spec.exchange } : {}),
    from: {
      actor: further === undefined ? actorAt(actor, spec.source, addresses) : "upstream",
      address: source,
      uid: spec.ids.uid ?? uid,
      gid: spec.ids.gid ?? gid,
      ...(spec.sourcePort === null ? {} : { port: spec.sourcePort }),
      ...(mark === 0 ? {} : { mark }),
    },
    to: { target: spec.target, address, port },
  };
}

/** Every address that no other host has is upstream's, as a source too: who comes from outside with one is upstream, whatever its name. */
function actorAt(actor: string, source: string | null, addresses: SandboxAddresses): string {
  if (actor !== "client" || source === null || isLoopback(source)) return actor;
  const owner = addressOwner(source, addresses);
  return owner === "client" || owner === "pod" ? actor : "upstream";
}

/**
 * The unspecified address is dialled as loopback: over IPv4 as the source that the socket is bound to, if it is (ip_route_connect in
 * include/net/route.h; ip_route_output_key_hash_rcu in net/ipv4/route.c), over IPv6 always as ::1 (tcp_v6_connect in net/ipv6/tcp_ipv6.c).
 */
function dialledAddress(
  { target, family, source }: FlowSpec,
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
  if (target === "pod" || target === "client" || target === "upstream" || target === "vm")
    return addresses[target][family];
  return target;
}

/**
 * Gives who an actor with a name is in the pod: `app` is uid and gid 1000, a proxy what its shape says. Every other, those outside among
 * them, dials as root.
 */
export function actorIdentity(actor: string, shape: Pick<PodShape, "proxies" | "listeners">): Identity {
  if (actor === "app") return { uid: APP_ID, gid: APP_ID, mark: 0 };
  return identityOf(shape, actor) ?? { uid: 0, gid: 0, mark: 0 };
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
