import type { Family } from "../../model/address.ts";
import type { PodSpec } from "../../model/pod.ts";
import { closedCluster, elsewhereCluster, inboundCluster, passThroughCluster } from "./clusters.ts";
import { type Chain, makeListener } from "./listeners.ts";

/** What a real Envoy's configuration depends on beside the scenario's ports. */
export interface EnvoySettings {
  /** The pod's addresses, canonical text; the loopback ones are added. */
  readonly podAddresses: readonly string[];
  /** Ports of the pod that some flow dials: each gets a cluster 127.0.0.1:PORT for connections that come in by the proxy port. */
  readonly podPorts: readonly number[];
  /** File that gets a line of JSON for each connection when it ends. */
  readonly accessLogPath: string;
  /** How long a connection onward may take to be made. */
  readonly connectTimeoutMs: number;
}

/**
 * Gives Envoy's bootstrap configuration (JSON): what Istio's sidecar does to connections, and nothing else.
 *
 * - listeners that follow the original destination on the proxy port and the inbound capture port, transparent in TPROXY mode;
 * - elsewhere: an ORIGINAL_DST cluster; to the pod's own addresses from the inbound capture port: another one, bound to 127.0.0.6 (::6);
 *   from the proxy port: a static cluster 127.0.0.1:PORT (::1);
 * - to the pod's own addresses at one of the proxy's own ports: a cluster without end points, which closes the connection.
 */
export function makeEnvoyBootstrap(spec: PodSpec, settings: EnvoySettings): object {
  const families = [4, 6] as const;
  return {
    static_resources: {
      listeners: families.flatMap((family) => listenersOf(family, spec, settings)),
      clusters: families.flatMap((family) => [
        elsewhereCluster(family, settings),
        passThroughCluster(family, settings),
        closedCluster(family, settings),
        ...inboundPorts(spec, settings).map((port) => inboundCluster(port, family, settings)),
      ]),
    },
  };
}

function listenersOf(family: Family, spec: PodSpec, settings: EnvoySettings): readonly object[] {
  const closed = ownPorts(spec).map((port): Chain => ({ cluster: "closed", port }));
  const inbound = inboundPorts(spec, settings).map((port): Chain => ({ cluster: `inbound-${port}`, port }));
  const kind = spec.interceptionMode === "TPROXY" ? "transparent" : "plain";
  const outboundListener = { name: "envoy-outbound", port: spec.proxyPort, family, kind } as const;
  const inboundListener = { name: "envoy-inbound", port: spec.inboundCapturePort, family, kind } as const;
  return [
    makeListener(outboundListener, [...closed, ...inbound], settings),
    ...(spec.inboundCapturePort === spec.proxyPort
      ? []
      : [makeListener(inboundListener, [...closed, { cluster: "pass-through", port: null }], settings)]),
  ];
}

function ownPorts(spec: PodSpec): readonly number[] {
  return [...new Set([spec.proxyPort, spec.inboundCapturePort])];
}

function inboundPorts(spec: PodSpec, settings: EnvoySettings): readonly number[] {
  return [...new Set(settings.podPorts)].filter((port) => !ownPorts(spec).includes(port));
}
