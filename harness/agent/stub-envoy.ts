import type { Hop, Landing } from "../model/landing.ts";
import { exchange } from "./exchange.ts";
import { type Greeting, HOPS_AT_MOST } from "./greeting.ts";
import { makeListenerLanding, makeLoopLanding } from "./landings.ts";
import type { Seen, StubDials } from "./protocol.ts";
import type { Endpoint } from "./socket-address.ts";
import { openConnection } from "./sockets.ts";

/** What the stub dials next: the target, and the address it dials from where that is not the route's choice. */
export interface OnwardDial {
  readonly target: Endpoint;
  readonly source: string | null;
  /** The socket's mark (SO_MARK); 0 for none. */
  readonly mark: number;
}

/**
 * Gives what a proxy would dial for a connection that came from the address `peer` and was meant for `destination`; null where it
 * closes instead.
 *
 * - one of its own ports is never forwarded: Istio's listeners have a filter chain that closes such connections;
 * - the pod's own addresses as the pod's shape says: from the pass-through address, which is Istio's pass-through cluster; as 127.0.0.1 or
 *   ::1, as Istio's inbound clusters do; from the peer's address, as ztunnel does; or like any other;
 * - everything else as it is, or always the same end point.
 */
export function planOnwardDial(destination: Endpoint, peer: string, stub: StubDials): OnwardDial | null {
  const { dials, passThrough, ownPorts, mark } = stub;
  if (dials.kind === "fixed") return { target: { address: dials.address, port: dials.port }, source: null, mark };
  const isIpv6 = destination.address.includes(":");
  if (!isOwnAddress(destination.address, stub)) return { target: destination, source: null, mark };
  if (ownPorts.includes(destination.port)) return null;
  switch (dials.own) {
    case "from-pass-through":
      return { target: destination, source: passThrough[isIpv6 ? 6 : 4] ?? (isIpv6 ? "::6" : "127.0.0.1"), mark };
    case "from-original-source":
      return { target: destination, source: peer, mark: dials.mark };
    case "as-loopback":
      return { target: { address: isIpv6 ? "::1" : "127.0.0.1", port: destination.port }, source: null, mark };
    case "like-others":
      return { target: destination, source: null, mark };
  }
}

function isOwnAddress(address: string, { ownAddresses }: StubDials): boolean {
  return address.startsWith("127.") || address === "::1" || address === "::6" || ownAddresses.includes(address);
}

/** Whom a connection was meant for, and the address it came from. */
export interface MeantEnds {
  readonly destination: Endpoint;
  readonly peer: string;
}

/**
 * Takes a flow one hop on, or ends it here; gives the landing that goes back to whoever dialled. The onward socket is made at once, so
 * it belongs to the calling thread's present namespace and owner.
 */
export function forwardFlow(
  greeting: Greeting,
  seen: Seen,
  { destination, peer }: MeantEnds,
  stub: StubDials,
): Promise<Landing> {
  const onward = planOnwardDial(destination, peer, stub);
  if (onward === null) return Promise.resolve(makeListenerLanding(seen, greeting.hops));
  const { listener, port, originalDestination } = seen;
  const hops: readonly Hop[] = [...greeting.hops, { listener, port, originalDestination }];
  if (hops.length >= HOPS_AT_MOST) return Promise.resolve(makeLoopLanding(hops));
  return exchange(onward.target, onward.source, { ...greeting, hops }, (target, source) =>
    openConnection(target, source, { port: null, mark: onward.mark }),
  );
}
