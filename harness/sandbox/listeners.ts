import type { ListenerSpec } from "../agent/protocol.ts";
import type { HostName, ListenerName, Owner, PodSpec, SandboxAddresses } from "../model/pod.ts";
import { APP_ID, STATUS_PORT } from "../model/pod.ts";
import type { StationName } from "./station.ts";

const ROOT: Owner = { uid: 0, gid: 0 };
const APP: Owner = { uid: APP_ID, gid: APP_ID };

/**
 * Gives every listener that a spec asks for, by the station that holds it. The stub Envoy has two, transparent in TPROXY mode; where
 * both its ports are one, the outbound listener alone.
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
  return new Map([
    ["proxy", [envoy("envoy-outbound", proxyPort), ...inbound, plain("pod", "status", proxy, STATUS_PORT)]],
    ["app", spec.listen.map((port) => plain("pod", "app", APP, port))],
    ["client", spec.clientPorts.map((port) => plain("client", "client", ROOT, port))],
    ["upstream", spec.upstreamPorts.map((port) => plain("upstream", "upstream", ROOT, port))],
  ] satisfies [StationName, readonly ListenerSpec[]][]);
}

function plain(host: HostName, listener: ListenerName, owner: Owner, port: number): ListenerSpec {
  return { listener, host, namespace: null, owner, port, mode: "plain", stub: null };
}
