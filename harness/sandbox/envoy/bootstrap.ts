import { FAMILIES, type Family } from "../../model/address.ts";
import type { PodSpec } from "../../model/pod.ts";
import { closedCluster, elsewhereCluster, passThroughCluster } from "./clusters.ts";
import { type Chain, type EnvoyListener, makeListener } from "./listeners.ts";

/** What a real Envoy's configuration depends on: while this stays the same, one Envoy does for scenario after scenario. */
export interface EnvoySettings extends Pick<PodSpec, "proxyPort" | "inboundCapturePort" | "interceptionMode"> {
  /** The pod's addresses, canonical text; the loopback ones are added. */
  readonly podAddresses: readonly string[];
  /** How long a connection onward may take to be made. */
  readonly connectTimeoutMs: number;
}

/**
 * Gives Envoy's bootstrap configuration (JSON): what Istio's sidecar does to connections, and nothing else.
 *
 * - listeners that follow the original destination on the proxy port and the inbound capture port, transparent in TPROXY mode; where both
 *   ports are one, the outbound listener alone, which then treats everything as inbound, as the stub does;
 * - elsewhere: an ORIGINAL_DST cluster; to the pod's own addresses from the inbound capture port: another one, bound to 127.0.0.6 (::6);
 *   from the proxy port: as 127.0.0.1:PORT (::1), whatever the port, where Istio has one static cluster for each port it knows;
 * - to the pod's own addresses at one of the proxy's own ports: a cluster without end points, which closes the connection.
 *
 * There is no admin interface, which would be one more listener in the pod; a line for each connection goes to stdout when it ends.
 */
export function makeEnvoyBootstrap(settings: EnvoySettings): object {
  return {
    static_resources: {
      listeners: FAMILIES.flatMap((family) => listenersOf(family, settings)),
      clusters: FAMILIES.flatMap((family) => [
        elsewhereCluster(family, settings),
        passThroughCluster(family, settings),
        closedCluster(family, settings),
      ]),
    },
  };
}

function listenersOf(family: Family, settings: EnvoySettings): readonly object[] {
  const { proxyPort, inboundCapturePort, interceptionMode } = settings;
  const kind = interceptionMode === "TPROXY" ? "transparent" : "plain";
  const closed = [...new Set([proxyPort, inboundCapturePort])].map((port): Chain => ({ cluster: "closed", port }));
  const make = (name: EnvoyListener["name"], port: number, chain: Chain) =>
    makeListener({ name, port, family, kind }, [...closed, chain], settings);
  const toLoopback: Chain = { cluster: "elsewhere", port: null, destination: "loopback" };
  const toPassThrough: Chain = { cluster: "pass-through", port: null };
  if (inboundCapturePort === proxyPort) return [make("envoy-outbound", proxyPort, toPassThrough)];
  return [make("envoy-outbound", proxyPort, toLoopback), make("envoy-inbound", inboundCapturePort, toPassThrough)];
}
