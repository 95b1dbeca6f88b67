import { renderEndpoint } from "../model/address.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import type { Flow, Manner } from "../model/flow.ts";
import { type Hop, type Landing, makeLanding } from "../model/landing.ts";
import {
  type HostName,
  isLoopback,
  type ListenerName,
  loopbackAddress,
  MAX_HOPS,
  PASS_THROUGH_ADDRESS,
  type PodSpec,
  type SandboxAddresses,
  STATUS_PORT,
} from "../model/pod.ts";
import { type Connection, isPodsOwn, openConnection } from "./connection.ts";
import { type Interception, interceptConnection } from "./interception.ts";

/** Everything a landing depends on beside the flow itself. */
interface Surroundings {
  readonly config: CaptureConfig;
  readonly addresses: SandboxAddresses;
  readonly spec: PodSpec;
}

/**
 * Gives the landing that a capture config demands for a flow: the second opinion beside every rule set, made from the config alone.
 * The source is an address without port. A `refused` names the port that was reached.
 *
 * @example with the seed config
 * intendedLanding(seed, clientToPod8080, "answer", DEFAULT_ADDRESSES, spec)
 * // { kind: "listener", host: "pod", listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:8080",
 * //   source: "10.244.0.3", hops: [] }
 */
export function intendedLanding(
  config: CaptureConfig,
  flow: Flow,
  manner: Manner,
  addresses: SandboxAddresses,
  spec: PodSpec,
): Landing {
  const around = { config, addresses, spec };
  const hops: Hop[] = [];
  let connection = openConnection(flow);
  while (hops.length < MAX_HOPS) {
    const landing = landConnection(connection, around);
    const next = manner === "forward" ? dialOn(landing, connection, around) : null;
    if (next === null || landing.listener === null || landing.port === null) return { ...landing, hops };
    hops.push({
      listener: landing.listener,
      port: landing.port,
      originalDestination: landing.originalDestination,
    });
    connection = next;
  }
  return makeLanding("loop", { hops });
}

/** Where one connection ends: at the proxy if it is captured, else with whoever listens where it was dialled. */
function landConnection(connection: Connection, around: Surroundings): Landing {
  const interception = interceptConnection(around.config, connection, around.addresses);
  switch (interception.kind) {
    case "rejected":
      return makeLanding("refused", { port: connection.port });
    case "dropped":
      return makeLanding("timed-out");
    case "as-dialled":
      return landAsDialled(connection, around);
    default:
      return landOnPod(interception.port, originalDestination(interception, connection, around), connection, around);
  }
}

/** What the listener learns of the address dialled: null where it accepted under that very address. */
function originalDestination(
  interception: Interception,
  { destination, port, family }: Connection,
  { addresses }: Surroundings,
): string | null {
  const isUnderDialled =
    "port" in interception &&
    interception.port === port &&
    (interception.kind === "transparent" ||
      (interception.kind === "redirected" &&
        interception.acceptedOn === "pod-address" &&
        destination === addresses.pod[family]));
  return isUnderDialled ? null : renderEndpoint(destination, port);
}

function landAsDialled(connection: Connection, around: Surroundings): Landing {
  const host = ownerOf(connection, around);
  if (host !== null && isUnanswered(connection, host, around)) return makeLanding("timed-out");
  if (host === "pod") return landOnPod(connection.port, null, connection, around);
  if (host === null) return makeLanding("unreachable");
  const listening = { client: around.spec.clientPorts, upstream: around.spec.upstreamPorts };
  if (host === "vm" || !listening[host].includes(connection.port))
    return makeLanding("refused", { port: connection.port });
  return accept(host, connection.port, null, connection, host);
}

/**
 * Says whether nothing comes back to a loopback address: no other host takes a packet from one, but for a virtual machine, whose every way
 * leads back to the pod and its `::6`; and a reset from the pod's own IPv6 address to ::1 is sent by another device than `lo` and lost
 * (`rt6_need_strict` in net/ipv6/route.c).
 */
function isUnanswered(
  { source, destination, startedOn, port }: Connection,
  host: HostName,
  around: Surroundings,
): boolean {
  if (!isLoopback(source)) return false;
  if (host !== startedOn) return host !== "vm" || source !== PASS_THROUGH_ADDRESS[6];
  const isFromOtherDevice = source === loopbackAddress(6) && destination === around.addresses.pod[6];
  return isFromOtherDevice && listenerAt(port, around.spec) === null;
}

/** The host that an address belongs to, as seen from the one that dials it; null where nobody has it. */
function ownerOf({ destination, startedOn, family }: Connection, around: Surroundings): HostName | null {
  const { addresses, spec, config } = around;
  if (startedOn === "pod" && isPodsOwn(destination, config, addresses)) return "pod";
  if (isLoopback(destination)) return startedOn === "pod" ? null : startedOn;
  const hosts = ["pod", "client", "upstream", ...(spec.kubevirtInterfaces.length > 0 ? ["vm" as const] : [])] as const;
  const named = hosts.find((host) => addresses[host][family] === destination);
  return named ?? (spec.upstreamAddresses.includes(destination) ? "upstream" : null);
}

function landOnPod(port: number, dialled: string | null, connection: Connection, { spec }: Surroundings): Landing {
  const listener = listenerAt(port, spec);
  if (listener === null) return makeLanding("refused", { port });
  return accept(listener, port, dialled, connection, "pod");
}

function listenerAt(port: number, spec: PodSpec): ListenerName | null {
  if (port === spec.proxyPort) return "envoy-outbound";
  if (port === spec.inboundCapturePort) return "envoy-inbound";
  if (port === STATUS_PORT) return "status";
  return spec.listen.includes(port) ? "app" : null;
}

function accept(
  listener: ListenerName,
  port: number,
  dialled: string | null,
  { source }: Connection,
  host: HostName,
): Landing {
  return makeLanding("listener", { host, listener, port, originalDestination: dialled, source });
}

/**
 * The connection that the stub Envoy dials next, or null where it does not dial: what it did not accept, and calls to its own ports.
 * Elsewhere it dials from the pod's address; the pod's own addresses as the pass-through if the call came in at the inbound port, and as
 * 127.0.0.1:PORT if at the outbound port, as Istio's inbound clusters do.
 */
function dialOn(landing: Landing, { family, destination, port }: Connection, around: Surroundings): Connection | null {
  const { spec, addresses, config } = around;
  if (landing.listener !== "envoy-outbound" && landing.listener !== "envoy-inbound") return null;
  const dial = {
    family,
    startedOn: "pod",
    owner: spec.proxy,
    source: addresses.pod[family],
    destination,
    port,
  } as const;
  if (!isPodsOwn(destination, config, addresses)) return dial;
  if (port === spec.proxyPort || port === spec.inboundCapturePort) return null;
  if (landing.port === spec.inboundCapturePort) return { ...dial, source: PASS_THROUGH_ADDRESS[family] };
  return { ...dial, source: loopbackAddress(family), destination: loopbackAddress(family) };
}
