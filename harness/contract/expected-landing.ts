import { renderEndpoint } from "../model/address.ts";
import type { Connection } from "../model/contract.ts";
import type { Flow } from "../model/flow.ts";
import { type Hop, type Landing, makeLanding } from "../model/landing.ts";
import type { LandingText } from "../model/landing-text.ts";
import { addressOwner, isLoopback, vmLinks } from "../model/pod.ts";
import { findListener } from "../model/pod-shape.ts";
import { firstConnection } from "./demanded-landing.ts";
import { dialOn, type PlacedPod } from "./proxy-dial.ts";

/**
 * Binds an expected landing to a flow: the listener's port where none is written, and the original destination, which is the end point
 * dialled (by the proxy, behind a hop), or null where the very address that was dialled accepts (same port, same host, not written
 * `redirected`). The address that accepts is demanded where the text names it: what was not redirected accepts where it was dialled anyway.
 */
export function resolveLanding(text: LandingText, flow: Flow, pod: PlacedPod): Landing {
  let connection = firstConnection(flow, pod.shape);
  const bind = (listener: string, written: number | null, redirected: boolean): Hop => {
    const { destination, port: dialled } = connection;
    const port = written ?? listenerPort(listener, dialled, pod);
    const accepts = !redirected && port === dialled && ownsAddress(listener, connection, pod);
    return { listener, port, originalDestination: accepts ? null : renderEndpoint(destination, dialled) };
  };
  const hops: Hop[] = [];
  for (const passed of text.via) {
    hops.push(bind(passed, null, false));
    const listener = findListener(pod.shape, passed);
    connection = (listener && dialOn(listener, connection, pod)) ?? { ...connection, startedOn: "pod" };
  }
  if (text.listener === null) return makeLanding(text.kind, { hops });
  const last = bind(text.listener, text.port, text.redirected === "redirected");
  return makeLanding("listener", {
    host: hostOf(text.listener, pod),
    address: text.address,
    source: text.source,
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
