import type { ListenerSpec } from "../agent/protocol.ts";
import type { HostName, ListenerName, Owner, PodSpec, SandboxAddresses, UdpPorts } from "../model/pod.ts";
import { APP_ID, STATUS_PORT } from "../model/pod.ts";
import type { StationName } from "./station.ts";

const ROOT: Owner = { uid: 0, gid: 0 };
const APP: Owner = { uid: APP_ID, gid: APP_ID };

/**
 * Gives every listener that a spec asks for, by the station that holds it. The stub Envoy has two, transparent in TPROXY mode; where
 * both its ports are one, the outbound listener alone. Whoever takes datagrams has listeners of their own for those.
 */
export function listenersOf(
  spec: PodSpec,
  addresses: SandboxAddresses,
): ReadonlyMap<StationName, readonly ListenerSpec[]> {
  const { proxyPort, inboundCapturePort, proxy } = spec;
  const ownAddresses = [addresses.pod[4], addresses.pod[6]];
  const stub = { proxyPort, inboundCapturePort, ownAddresses };
  const mode = spec.interceptionMode === "TPROXY" ? "transparent" : "plain";
  const envoy = (listener: ListenerName, port: number) =>
    ({ ...plain("pod", listener, proxy, port), mode, stub }) as const;
  const inbound = inboundCapturePort === proxyPort ? [] : [envoy("envoy-inbound", inboundCapturePort)];
  const own = [envoy("envoy-outbound", proxyPort), ...inbound];
  const { udp = NO_UDP_PORTS } = spec;
  const both = (
    host: HostName,
    listener: ListenerName,
    owner: Owner,
    tcp: readonly number[],
    other: readonly number[],
  ) => [
    ...tcp.map((port) => plain(host, listener, owner, port)),
    ...other.map((port) => takesDatagrams(plain(host, listener, owner, port))),
  ];
  const datagrams = own.filter(({ port }) => udp.proxy.includes(port)).map(takesDatagrams);
  return new Map([
    ["proxy", [...own, plain("pod", "status", proxy, STATUS_PORT), ...datagrams]],
    ["app", both("pod", "app", APP, spec.listen, udp.app)],
    ["client", both("client", "client", ROOT, spec.clientPorts, udp.client)],
    ["upstream", both("upstream", "upstream", ROOT, spec.upstreamPorts, udp.upstream)],
  ] satisfies [StationName, readonly ListenerSpec[]][]);
}

const NO_UDP_PORTS: UdpPorts = { proxy: [], app: [], upstream: [], client: [] };

function takesDatagrams(spec: ListenerSpec): ListenerSpec {
  return { ...spec, protocol: "udp", stub: null };
}

function plain(host: HostName, listener: ListenerName, owner: Owner, port: number): ListenerSpec {
  return { protocol: "tcp", listener, host, namespace: null, owner, port, mode: "plain", stub: null };
}
