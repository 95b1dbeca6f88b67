import type { Hop } from "../model/landing.ts";
import { loopbackAddress, PASS_THROUGH_IPV6, type PodSpec } from "../model/pod.ts";
import { dialsOn, forwards } from "../model/pod-shape.ts";
import { resolverOf } from "../model/resolver.ts";
import type { AddressBook, KnownAddress } from "./address-book.ts";
import type { EndPoint } from "./entry.ts";
import type { Taken } from "./segment.ts";
import type { Listener } from "./sockets.ts";

/** What the stub proxy dials next; `source` is null where the route chooses it. */
export interface PredictedDial {
  readonly destination: EndPoint;
  readonly source: KnownAddress | null;
  /** The socket's mark, where it is not that of all the proxy's sockets. */
  readonly mark?: number;
}

/**
 * Gives what a proxy dials for a connection that one of its listeners took, as the pod's shape has it;
 * null where it closes instead, because the destination is one of its own ports.
 *
 * Of Istio's the pod's own addresses are dialled from the pass-through address if the connection came in at the inbound port (Istio's
 * pass-through cluster), as 127.0.0.1 or ::1 if it came in at the outbound port (Istio's inbound clusters); everything else as it is.
 * ztunnel dials them from the peer's address.
 */
export function predictOnwardDial(
  { listener: { shape: listener }, ends, dialled }: Taken,
  { shape }: PodSpec,
  book: AddressBook,
): PredictedDial | null {
  const { address, port } = dialled;
  if (listener === null || listener.dials.kind === "nothing") return null;
  const { dials } = listener;
  if (dials.kind !== "original") {
    const end = dials.kind === "resolver" ? resolverOf(shape) : dials;
    return end && { destination: { address: book.find(end.address), port: end.port }, source: null };
  }
  if (!isOwn(address)) return { destination: dialled, source: null };
  const ownPorts = shape.listeners.filter((other) => other.proxy === listener.proxy && dialsOn(other));
  if (ownPorts.some((other) => other.port === port)) return null;
  switch (dials.own) {
    case "from-pass-through":
      return { destination: dialled, source: book.find(passThroughOf(shape.passThrough, address)) };
    case "from-original-source":
      return { destination: dialled, source: ends.source.address, mark: dials.mark };
    case "as-loopback":
      return { destination: { address: book.find(loopbackAddress(address.family)), port }, source: null };
    case "like-others":
      return { destination: dialled, source: null };
  }
}

/** A pod without the IPv6 one has nothing that an IPv6 socket could be bound to; the attempt then says so. */
function passThroughOf(passThrough: PodSpec["shape"]["passThrough"], { family }: KnownAddress): string {
  return passThrough[family] ?? (family === 6 ? PASS_THROUGH_IPV6 : loopbackAddress(4));
}

function isOwn(address: KnownAddress): boolean {
  return address.host === "pod" || address.host === "loopback" || address.text === PASS_THROUGH_IPV6;
}

/** Says whether a listener is a proxy's that in its manner *forward* dials on. */
export function isStub({ shape }: Listener): boolean {
  return shape !== null && forwards(shape);
}

/** Gives the passage through the stub that a listener and what had been dialled make. */
export function makeHop(listener: Listener, originalDestination: string | null): Hop {
  return { listener: listener.name, port: listener.port, originalDestination };
}
