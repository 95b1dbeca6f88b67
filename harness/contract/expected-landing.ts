import { renderEndpoint } from "../model/address.ts";
import type { Connection } from "../model/contract.ts";
import type { ResolvedFlow } from "../model/flow.ts";
import { type Hop, type Landing, type LandingSpec, makeLanding } from "../model/landing.ts";
import { addressOwner, isLoopback, vmLinks } from "../model/pod.ts";
import { findListener } from "../model/pod-shape.ts";
import { firstConnection } from "./first-connection.ts";
import { dialOn, type PlacedPod } from "./proxy-dial.ts";

/**
 * Binds an expected landing to a flow: the listener's port where none is written, and the original destination, which is the end point
 * dialled (by the proxy, behind a hop), or null where the very address that was dialled accepts (same port, same host, not written
 * `redirected`). The address that accepts is demanded where the spec names it: what was not redirected accepts where it was dialled anyway.
 *
 * @example
 * resolveLanding(spec, flow, { shape, addresses: DEFAULT_ADDRESSES })   // envoy-inbound:15006 of client -> pod:8080
 * // { kind: "listener", host: "pod", listener: "envoy-inbound", address: null, port: 15006,
 * //   originalDestination: "10.244.0.2:8080", source: null, hops: [] }
 */
export function resolveLanding(spec: LandingSpec, flow: ResolvedFlow, pod: PlacedPod): Landing {
  let connection = firstConnection(flow, pod.shape);
  const bind = (listener: string, written: number | null, redirected: boolean): Hop => {
    const { destination, port: dialled } = connection;
    const port = written ?? listenerPort(listener, dialled, pod);
    const accepts = !redirected && port === dialled && ownsAddress(listener, connection, pod);
    return { listener, port, originalDestination: accepts ? null : renderEndpoint(destination, dialled) };
  };
  const hops: Hop[] = [];
  for (const passed of spec.via) {
    hops.push(bind(passed, null, false));
    const listener = findListener(pod.shape, passed);
    connection = (listener && dialOn(listener, connection, pod)) ?? { ...connection, startedOn: "pod" };
  }
  if (spec.listener === null) return makeLanding(spec.kind, { address: spec.address, hops });
  const last = bind(spec.listener, spec.port, spec.redirected === "redirected");
  return makeLanding("listener", {
    host: hostOf(spec.listener, pod),
    address: spec.address,
    source: spec.source,
    ...last,
    hops,
  });
}

/** Gives the port a listener is on: its own where the pod's shape has it; that of every other is the one dialled. */
export function listenerPort(listener: string, dialledPort: number, { shape }: Pick<PlacedPod, "shape">): number {
  return findListener(shape, listener)?.port ?? dialledPort;
}

/** Gives the host a listener lives on. */
function hostOf(listener: string, { shape }: PlacedPod): string {
  const isHost = listener === "client" || listener === "upstream" || Object.hasOwn(shape.hosts, listener);
  return findListener(shape, listener)?.host ?? (isHost ? listener : "pod");
}

/** Says whether a listener's host owns what was dialled; every address that no other host has belongs to upstream. */
function ownsAddress(listener: string, { startedOn, destination, family }: Connection, pod: PlacedPod): boolean {
  const host = hostOf(listener, pod);
  const further = pod.shape.hosts[host];
  if (further) return further[family] === destination;
  const owner = isLoopback(destination) ? startedOn : addressOwner(destination, pod.addresses);
  return host === (owner === "vm" && vmLinks(pod).length === 0 ? "upstream" : owner);
}
