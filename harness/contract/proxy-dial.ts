import type { Family } from "../model/address.ts";
import type { Connection } from "../model/contract.ts";
import { isLoopback, loopbackAddress, PASS_THROUGH_IPV6, type SandboxAddresses } from "../model/pod.ts";
import { dialsOn, type ListenerShape, type PodShape, proxyIdentity } from "../model/pod-shape.ts";
import { resolverOf } from "../model/resolver.ts";

/** The pod as its mesh or contract describes it, in the addresses of one sandbox. */
export interface PlacedPod {
  readonly shape: PodShape;
  readonly addresses: SandboxAddresses;
}

/** Says whether an address is the pod's own, seen from inside: on its interface, on lo, or the pass-through address it has. */
export function isPodsOwn(address: string, { shape, addresses }: PlacedPod): boolean {
  if (address === shape.passThrough[6] || address === addresses.pod[4] || address === addresses.pod[6]) return true;
  return isLoopback(address) && address !== PASS_THROUGH_IPV6;
}

/**
 * Gives the connection that a proxy makes for one that a listener of its own has taken, or null where it makes none: a listener that does
 * not dial on, and calls to the proxy's own ports, which it closes.
 *
 * @example
 * dialOn(inboundListener, { …, startedOn: "client", destination: "10.244.0.2", port: 8080 }, { shape, addresses: DEFAULT_ADDRESSES })
 * // { …, startedOn: "pod", owner: { uid: 1337, gid: 1337, mark: 0 }, source: "127.0.0.6", destination: "10.244.0.2", port: 8080 }
 */
export function dialOn(listener: ListenerShape, connection: Connection, pod: PlacedPod): Connection | null {
  const { family, destination, port } = connection;
  if (listener.dials.kind === "nothing") return null;
  if (listener.dials.kind === "resolver") {
    const resolver = resolverOf(pod.shape);
    return resolver === null ? null : dialAt(resolver, listener, connection, pod);
  }
  if (listener.dials.kind === "fixed") return dialAt(listener.dials, listener, connection, pod);
  const dial = { ...connection, startedOn: "pod", owner: ownerOf(listener, pod) };
  if (!isPodsOwn(destination, pod)) return { ...dial, source: pod.addresses.pod[family] };
  if (isOwnPort(port, listener, pod)) return null;
  switch (listener.dials.own) {
    case "from-pass-through":
      return { ...dial, source: pod.shape.passThrough[family] ?? loopbackAddress(family) };
    case "from-original-source":
      return { ...dial, owner: { ...dial.owner, mark: listener.dials.mark } };
    case "as-loopback":
      return { ...dial, source: loopbackAddress(family), destination: loopbackAddress(family) };
    case "like-others":
      return { ...dial, source: sourceTowards(destination, family, pod) };
  }
}

function dialAt(
  { address, port }: { readonly address: string; readonly port: number },
  listener: ListenerShape,
  connection: Connection,
  pod: PlacedPod,
): Connection {
  const family: Family = address.includes(":") ? 6 : 4;
  const ends = { family, source: sourceTowards(address, family, pod), destination: address, port };
  return { ...connection, startedOn: "pod", owner: ownerOf(listener, pod), ...ends };
}

function ownerOf({ proxy }: ListenerShape, { shape }: PlacedPod): Connection["owner"] {
  return shape.proxies.find(({ name }) => name === proxy)?.runsAs ?? proxyIdentity(shape);
}

/** Calls to a port where the same proxy captures traffic would go round for ever: it closes them. */
function isOwnPort(port: number, { proxy }: ListenerShape, { shape }: PlacedPod): boolean {
  return shape.listeners.some((listener) => listener.proxy === proxy && dialsOn(listener) && listener.port === port);
}

function sourceTowards(destination: string, family: Family, { addresses }: PlacedPod): string {
  if (isLoopback(destination)) return family === 4 ? loopbackAddress(4) : destination;
  return addresses.pod[family];
}
