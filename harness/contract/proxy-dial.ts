import type { Family } from "../model/address.ts";
import type { Connection } from "../model/contract.ts";
import { isLoopback, loopbackAddress, PASS_THROUGH_IPV6, type SandboxAddresses } from "../model/pod.ts";
import { type ListenerShape, type PodShape, proxyIdentity } from "../model/pod-shape.ts";

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
  if (listener.dials.kind === "nothing") return null;
  const proxy = pod.shape.proxies.find(({ name }) => name === listener.proxy);
  const { family, destination, port } = connection;
  const dial = { ...connection, startedOn: "pod", owner: proxy?.runsAs ?? proxyIdentity(pod.shape) };
  if (listener.dials.kind === "fixed") {
    const { address, port: fixed } = listener.dials;
    return { ...dial, source: sourceTowards(address, family, pod), destination: address, port: fixed };
  }
  if (!isPodsOwn(destination, pod)) return { ...dial, source: pod.addresses.pod[family] };
  if (isOwnPort(port, listener, pod)) return null;
  switch (listener.dials.own) {
    case "from-pass-through":
      return { ...dial, source: pod.shape.passThrough[family] ?? loopbackAddress(family) };
    case "as-loopback":
      return { ...dial, source: loopbackAddress(family), destination: loopbackAddress(family) };
    case "like-others":
      return { ...dial, source: sourceTowards(destination, family, pod) };
  }
}

/** Calls to a port where the same proxy captures traffic would go round for ever: it closes them. */
function isOwnPort(port: number, { proxy }: ListenerShape, { shape }: PlacedPod): boolean {
  return shape.listeners.some(
    (listener) => listener.proxy === proxy && listener.dials.kind !== "nothing" && listener.port === port,
  );
}

function sourceTowards(destination: string, family: Family, { addresses }: PlacedPod): string {
  if (isLoopback(destination)) return family === 4 ? loopbackAddress(4) : destination;
  return addresses.pod[family];
}
