import type { FlowProtocol } from "../model/flow.ts";
import { APP_ID, type HostName, type ListenerName, type Owner, type PodSpec, type UdpPorts } from "../model/pod.ts";
import type { ListenerShape } from "../model/pod-shape.ts";
import type { KnownAddress } from "./address-book.ts";
import type { EndPoint, PacketEnds, PacketProtocol } from "./entry.ts";

/** A listener of the sandbox: one port of one protocol on all addresses of its host, or on one of them. */
export interface Listener {
  readonly protocol: FlowProtocol;
  readonly name: ListenerName;
  readonly host: HostName;
  readonly port: number;
  readonly owner: Owner;
  /** `transparent` listeners take connections to addresses that are not the pod's (IP_TRANSPARENT). */
  readonly mode: "plain" | "transparent";
  /** The one address it listens on, canonical text; null: every address of its host. */
  readonly address: string | null;
  /** What the pod's shape says of it; null for the app and for peers. */
  readonly shape: ListenerShape | null;
}

/** One end of a connection that exists: on which host, between which end points, whose, and how it listened. */
export interface Socket {
  readonly host: HostName;
  readonly local: EndPoint;
  readonly remote: EndPoint;
  readonly owner: Owner;
  readonly mode: "plain" | "transparent";
  /** What its packets are marked with; an accepted connection's are not marked (`tcp_fwmark_accept` is off). */
  readonly mark: number;
}

/**
 * Finds who listens on a host's port, under an address where that matters, or null; a packet that is neither of TCP nor of UDP is
 * nobody's.
 */
export type FindListener = (
  host: HostName,
  port: number,
  protocol: PacketProtocol,
  address: KnownAddress,
) => Listener | null;

/**
 * Gives who listens in the sandbox that a spec describes. Ports named twice belong to the pod's shape first.
 *
 * @example
 * openListeners(spec)("pod", 8080, "tcp", book.find("10.244.0.2"))   // { name: "app", host: "pod", port: 8080, mode: "plain", … }
 */
export function openListeners(spec: PodSpec): FindListener {
  const listeners = Map.groupBy(listListeners(spec), ({ port }) => port);
  return (host, port, protocol, address) => {
    for (const listener of listeners.get(port) ?? NOBODY) {
      if (listener.host !== host || listener.protocol !== protocol) continue;
      if (listener.address === null || listener.address === address.text) return listener;
    }
    return null;
  };
}

const NOBODY: readonly Listener[] = [];

function listListeners({ shape, listen, upstreamPorts, clientPorts, udp }: PodSpec): readonly Listener[] {
  const root = { uid: 0, gid: 0 };
  const app = { uid: APP_ID, gid: APP_ID };
  const own = shape.listeners.filter(({ host }) => host === "pod");
  const ownOf = (protocol: ListenerShape["protocols"][number]) =>
    own.filter((listener) => listener.protocols.includes(protocol)).map((listener) => toListener(listener, protocol));
  const peers = (protocol: FlowProtocol, ports: UdpPorts): readonly Listener[] => {
    const plain = (name: ListenerName, host: HostName, owner: Owner) => (port: number) =>
      ({ protocol, name, host, port, owner, mode: "plain", address: null, shape: null }) as const;
    return [
      ...ports.app.map(plain("app", "pod", app)),
      ...ports.upstream.map(plain("upstream", "upstream", root)),
      ...ports.client.map(plain("client", "client", root)),
    ];
  };
  return [
    ...ownOf("tcp"),
    ...peers("tcp", { app: listen, upstream: upstreamPorts, client: clientPorts }),
    ...ownOf("udp"),
    ...(udp ? peers("udp", udp) : []),
  ];
}

function toListener(shape: ListenerShape, protocol: FlowProtocol): Listener {
  const { name, port, owner, address } = shape;
  const mode = shape.mode === "transparent" ? "transparent" : "plain";
  return { protocol, name, host: "pod", port, owner, mode, address, shape };
}

/** Finds the socket that takes a packet on a host: the one whose ends are the packet's. */
export function findSocket(sockets: readonly Socket[], host: HostName, packet: PacketEnds): Socket | null {
  for (const socket of sockets) {
    if (
      socket.host === host &&
      isEnd(socket.local, packet.destination, packet.destinationPort) &&
      isEnd(socket.remote, packet.source, packet.sourcePort)
    )
      return socket;
  }
  return null;
}

function isEnd(end: EndPoint, address: KnownAddress, port: number): boolean {
  return end.address === address && end.port === port;
}
