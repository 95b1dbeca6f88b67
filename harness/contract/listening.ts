import type { Connection } from "../model/contract.ts";
import type { ListenerName, PodSpec } from "../model/pod.ts";
import type { PodShape } from "../model/pod-shape.ts";

/** What stands in a sandbox beside the listeners that a pod's shape names. */
export type Peers = Pick<PodSpec, "listen" | "upstreamPorts" | "clientPorts" | "udp" | "upstreamAddresses">;

/**
 * Gives who in the pod takes a connection or a datagram at a port: a listener of the pod's shape, the app, or null. `address`: the one at
 * which it must take it; null where it is brought to whatever address the listener has.
 */
export function nameListenerAt(
  port: number,
  address: string | null,
  { protocol }: Pick<Connection, "protocol">,
  { shape, peers }: { readonly shape: PodShape; readonly peers: Peers },
): ListenerName | null {
  if (protocol === "icmp") return null;
  const named = shape.listeners.find(
    (listener) =>
      listener.host === "pod" &&
      listener.port === port &&
      listener.protocols.includes(protocol) &&
      (address === null || listener.address === null || listener.address === address),
  );
  if (named) return named.name;
  return findOpenPorts(protocol, peers).pod.includes(port) ? "app" : null;
}

/**
 * Gives the ports on which the app and the peers take connections, or datagrams; none for ICMP.
 *
 * @example
 * findOpenPorts("tcp", spec)   // { pod: [22, 8080], upstream: [80], client: [] }
 */
export function findOpenPorts(
  protocol: Connection["protocol"],
  { listen, upstreamPorts, clientPorts, udp }: Peers,
): Readonly<Record<"pod" | "upstream" | "client", readonly number[]>> {
  if (protocol === "tcp") return { pod: listen, upstream: upstreamPorts, client: clientPorts };
  const ports = protocol === "udp" ? udp : undefined;
  return { pod: ports?.app ?? [], upstream: ports?.upstream ?? [], client: ports?.client ?? [] };
}
