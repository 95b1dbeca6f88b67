import type { Hop } from "../model/landing.ts";
import { loopbackAddress, PASS_THROUGH_ADDRESS, type PodSpec } from "../model/pod.ts";
import type { AddressBook, KnownAddress } from "./address-book.ts";
import type { EndPoint } from "./conntrack.ts";
import type { Listener } from "./sockets.ts";

/** What the stub Envoy dials next; `source` is null where the route chooses it. */
export interface OnwardDial {
  readonly destination: EndPoint;
  readonly source: KnownAddress | null;
}

/**
 * Gives what the stub Envoy dials for a connection that one of its listeners took and that was meant for `dialled`; null where it
 * closes instead, because the destination is one of its own ports.
 *
 * The pod's own addresses are dialled from 127.0.0.6 or ::6 if the connection came in at the inbound port (Istio's pass-through cluster),
 * as
 * 127.0.0.1 or ::1 if it came in at the outbound port (Istio's inbound clusters); everything else as it is.
 */
export function planOnwardDial(
  listener: Listener,
  dialled: EndPoint,
  spec: PodSpec,
  book: AddressBook,
): OnwardDial | null {
  const { address, port } = dialled;
  if (!isOwn(address)) return { destination: dialled, source: null };
  if (port === spec.proxyPort || port === spec.inboundCapturePort) return null;
  if (listener.port === spec.inboundCapturePort) {
    return { destination: dialled, source: book.find(PASS_THROUGH_ADDRESS[address.family]) };
  }
  return { destination: { address: book.find(loopbackAddress(address.family)), port }, source: null };
}

function isOwn(address: KnownAddress): boolean {
  return address.host === "pod" || address.host === "loopback" || address.text === PASS_THROUGH_ADDRESS[6];
}

/** Says whether a listener is the stub's, which in its manner *forward* dials on. */
export function isStub(listener: Listener): boolean {
  return listener.name === "envoy-outbound" || listener.name === "envoy-inbound";
}

/** Gives the passage through the stub that a listener and what had been dialled make. */
export function makeHop(listener: Listener, originalDestination: string | null): Hop {
  return { listener: listener.name, port: listener.port, originalDestination };
}
