import type { Hop, Landing } from "../model/landing.ts";
import { exchange } from "./exchange.ts";
import { type Greeting, HOPS_AT_MOST } from "./greeting.ts";
import { makeListenerLanding, makeLoopLanding } from "./landings.ts";
import type { Seen, StubPorts } from "./protocol.ts";
import type { Endpoint } from "./socket-address.ts";

/** What the stub dials next: the target, and the address it dials from where that is not the route's choice. */
export interface OnwardDial {
  readonly target: Endpoint;
  readonly source: string | null;
}

/**
 * Gives what Envoy would dial for a connection that came in at `port` and was meant for `destination`; null where it closes instead.
 *
 * - one of its own ports is never forwarded: Istio's listeners have a filter chain that closes such connections;
 * - the pod's own addresses: from 127.0.0.6 or ::6 if the connection came in at the inbound port, which is the pass-through cluster;
 *   as 127.0.0.1 or ::1 from the outbound port, as Istio's inbound clusters do;
 * - everything else as it is.
 */
export function planOnwardDial(port: number, destination: Endpoint, stub: StubPorts): OnwardDial | null {
  const isIpv6 = destination.address.includes(":");
  if (!isOwnAddress(destination.address, stub)) return { target: destination, source: null };
  if (destination.port === stub.proxyPort || destination.port === stub.inboundCapturePort) return null;
  if (port === stub.inboundCapturePort) return { target: destination, source: isIpv6 ? "::6" : "127.0.0.6" };
  return { target: { address: isIpv6 ? "::1" : "127.0.0.1", port: destination.port }, source: null };
}

function isOwnAddress(address: string, stub: StubPorts): boolean {
  return address.startsWith("127.") || address === "::1" || address === "::6" || stub.ownAddresses.includes(address);
}

/**
 * Takes a flow one hop on, or ends it here; gives the landing that goes back to whoever dialled. The onward socket is made at once, so
 * it belongs to the calling thread's present namespace and owner.
 */
export function forwardFlow(greeting: Greeting, seen: Seen, destination: Endpoint, stub: StubPorts): Promise<Landing> {
  const onward = planOnwardDial(seen.port, destination, stub);
  if (onward === null) return Promise.resolve(makeListenerLanding(seen, greeting.hops));
  const { listener, port, originalDestination } = seen;
  const hops: readonly Hop[] = [...greeting.hops, { listener, port, originalDestination }];
  if (hops.length >= HOPS_AT_MOST) return Promise.resolve(makeLoopLanding(hops));
  return exchange(onward.target, onward.source, { ...greeting, hops });
}
