import type { Family } from "../../model/address.ts";
import { loopbackAddress, MAX_HOPS } from "../../model/pod.ts";
import type { EnvoySettings } from "./settings.ts";

/**
 * Connections that a cluster holds at most: a loop ends here (flag UO) instead of taking every port of the machine. Twice the hops after
 * which a flow counts as a loop; flows come one at a time and need few.
 */
const MAX_CONNECTIONS = 2 * MAX_HOPS;
/** The level and the name of the option that marks a socket (include/uapi/asm-generic/socket.h). */
const [SOL_SOCKET, SO_MARK] = [1, 36];

/** Gives the cluster for destinations elsewhere: as they were dialled, from the address the route gives. */
export function elsewhereCluster(family: Family, settings: EnvoySettings): object {
  return { ...makeCluster(`elsewhere-${family}`, settings), type: "ORIGINAL_DST", lb_policy: "CLUSTER_PROVIDED" };
}

/** Gives Istio's InboundPassthroughCluster: as it was dialled, from the pass-through address. */
export function passThroughCluster(family: Family, settings: EnvoySettings): object {
  const address = settings.passThrough[family] ?? loopbackAddress(family);
  return {
    ...makeCluster(`pass-through-${family}`, settings),
    type: "ORIGINAL_DST",
    lb_policy: "CLUSTER_PROVIDED",
    upstream_bind_config: { source_address: { address, port_value: 0 }, ...markSockets(settings) },
  };
}

/** Gives Istio's BlackHoleCluster: no end points, so that Envoy closes the connection (flag UH). */
export function closedCluster(family: Family, settings: EnvoySettings): object {
  const name = `closed-${family}`;
  return { ...makeCluster(name, settings), type: "STATIC", load_assignment: { cluster_name: name } };
}

function makeCluster(name: string, settings: EnvoySettings): object {
  const { connectTimeoutMs, mark } = settings;
  const limit = { max_connections: MAX_CONNECTIONS, max_pending_requests: MAX_CONNECTIONS };
  return {
    name,
    connect_timeout: `${connectTimeoutMs / 1000}s`,
    circuit_breakers: { thresholds: [limit] },
    ...(mark === 0 ? {} : { upstream_bind_config: markSockets(settings) }),
  };
}

/** Marks the sockets from which Envoy dials (SO_MARK of socket(7)), as ztunnel marks its own. The right NET_ADMIN allows it. */
function markSockets({ mark }: EnvoySettings): object {
  if (mark === 0) return {};
  return { socket_options: [{ level: SOL_SOCKET, name: SO_MARK, int_value: mark, state: "STATE_PREBIND" }] };
}
