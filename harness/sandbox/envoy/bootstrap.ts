import { FAMILIES, type Family } from "../../model/address.ts";
import { dialsOn, type ListenerShape, type PodShape } from "../../model/pod-shape.ts";
import { closedCluster, elsewhereCluster, passThroughCluster } from "./clusters.ts";
import { type FilterChain, makeListener } from "./listeners.ts";
import type { EnvoySettings } from "./settings.ts";

/**
 * Gives Envoy's bootstrap configuration (JSON): what Istio's sidecar does to connections, and nothing else.
 *
 * - listeners that follow the original destination, one for each that the pod's shape lets dial on, transparent for TPROXY;
 * - elsewhere: an ORIGINAL_DST cluster; to the pod's own addresses as the shape says: another such cluster, bound to the pass-through
 *   address; or as 127.0.0.1:PORT (::1), whatever the port, where Istio has one static cluster for each port it knows; or as elsewhere,
 *   from the peer's address (the listener filter `original_src`) or the route's;
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
  const closed = [...new Set(settings.listeners.map(({ port }) => port))].map(
    (port): FilterChain => ({ cluster: "closed", port }),
  );
  return settings.listeners.map((listener) => {
    const { name, port, mode, dials } = listener;
    const kind = mode === "transparent" ? "transparent" : "plain";
    const peerMark = dials.kind === "original" && dials.own === "from-original-source" ? dials.mark : null;
    return makeListener({ name, port, family, kind, peerMark }, [...closed, chainOf(listener)], settings);
  });
}

/** Where a listener sends what was meant for the pod's own addresses. */
function chainOf({ dials }: ListenerShape): FilterChain {
  if (dials.kind !== "original") return { cluster: "closed", port: null };
  switch (dials.own) {
    case "from-pass-through":
      return { cluster: "pass-through", port: null };
    case "as-loopback":
      return { cluster: "elsewhere", port: null, destination: "loopback" };
    // The listener sets the peer's address on whatever is dialled for it.
    case "from-original-source":
    case "like-others":
      return { cluster: "elsewhere", port: null };
  }
}

/** Gives the listeners that a real Envoy stands in for: those of the pod that follow the original destination. */
export function envoyListeners({ listeners }: PodShape): readonly ListenerShape[] {
  return listeners.filter(
    (listener) => listener.host === "pod" && dialsOn(listener) && listener.dials.kind === "original",
  );
}
