import type { FlowProtocol } from "../model/flow.ts";
import type { HostName, ListenerName, Owner, PodSpec } from "../model/pod.ts";
import { APP_ID, STATUS_PORT, type UdpPorts } from "../model/pod.ts";
import type { KnownAddress } from "./address-book.ts";
import type { EndPoint } from "./conntrack.ts";
import type { Packet } from "./packet.ts";

/** A listener of the sandbox: one port of one protocol on all addresses of its host. */
export interface Listener {
  readonly protocol: FlowProtocol;
  readonly name: ListenerName;
  readonly host: HostName;
  readonly port: number;
  readonly owner: Owner;
  /** `transparent` listeners take connections to addresses that are not the pod's (IP_TRANSPARENT). */
  readonly mode: "plain" | "transparent";
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

/** Finds who listens on a host's port, or null; a packet that is neither of TCP nor of UDP is nobody's. */
export type FindListener = (host: HostName, port: number, protocol: Packet["protocol"]) => Listener | null;

/** Gives who listens in the sandbox that a spec describes. Ports named twice belong to the sidecar first. */
export function openListeners(spec: PodSpec): FindListener {
  const all = listListeners(spec);
  const listeners = { tcp: indexListeners(all, "tcp"), udp: indexListeners(all, "udp") };
  return (host, port, protocol) =>
    protocol === "tcp" || protocol === "udp" ? (listeners[protocol].get(`${host} ${port}`) ?? null) : null;
}

function indexListeners(all: readonly Listener[], protocol: FlowProtocol): ReadonlyMap<string, Listener> {
  const own = all.filter((listener) => listener.protocol === protocol);
  // The first of a port stands.
  return new Map(own.toReversed().map((listener) => [`${listener.host} ${listener.port}`, listener]));
}

function listListeners(spec: PodSpec): readonly Listener[] {
  const { proxy } = spec;
  const root = { uid: 0, gid: 0 };
  const mode = spec.interceptionMode === "TPROXY" ? "transparent" : "plain";
  const app = { uid: APP_ID, gid: APP_ID };
  const stub = [
    { protocol: "tcp", name: "envoy-outbound", host: "pod", port: spec.proxyPort, owner: proxy, mode },
    { protocol: "tcp", name: "envoy-inbound", host: "pod", port: spec.inboundCapturePort, owner: proxy, mode },
  ] as const;
  const peers = (protocol: FlowProtocol, ports: UdpPorts): readonly Listener[] => [
    ...ports.app.map((port) => ({ protocol, name: "app", host: "pod", port, owner: app, mode: "plain" }) as const),
    ...(["upstream", "client"] as const).flatMap((name) =>
      ports[name].map((port) => ({ protocol, name, host: name, port, owner: root, mode: "plain" }) as const),
    ),
  ];
  const { udp, listen, upstreamPorts, clientPorts } = spec;
  return [
    ...stub,
    { protocol: "tcp", name: "status", host: "pod", port: STATUS_PORT, owner: proxy, mode: "plain" },
    ...peers("tcp", { proxy: [], app: listen, upstream: upstreamPorts, client: clientPorts }),
    ...stub.filter(({ port }) => udp?.proxy.includes(port)).map((each) => ({ ...each, protocol: "udp" }) as const),
    ...(udp ? peers("udp", udp) : []),
  ];
}

/** Finds the socket that takes a packet on a host: the one whose ends are the packet's. */
export function findSocket(sockets: readonly Socket[], host: HostName, packet: Packet): Socket | null {
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
