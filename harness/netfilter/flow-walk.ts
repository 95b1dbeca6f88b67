import type { Manner, ResolvedFlow } from "../model/flow.ts";
import { type Hop, type Landing, makeBlind, makeLanding } from "../model/landing.ts";
import { hostOfActor, loopbackAddress, MAX_HOPS } from "../model/pod.ts";
import { proxyIdentity } from "../model/pod-shape.ts";
import { nameRemote } from "../model/remote-listener.ts";
import type { KnownAddress } from "./address-book.ts";
import { type Attempt, makeConnection } from "./connection.ts";
import { exchangeDatagrams } from "./datagram.ts";
import { renderEnd } from "./entry.ts";
import type { Oracle } from "./oracle.ts";
import { EPHEMERAL } from "./packet.ts";
import type { CompiledPod } from "./pod.ts";
import type { Recorder } from "./recorder.ts";
import type { Ending } from "./segment.ts";
import type { Listener } from "./sockets.ts";
import { isStub, makeHop, type PredictedDial, predictOnwardDial } from "./stub.ts";

/** Gives the recorder of each connection of a flow as it begins; null where nobody wants to know the way. */
export type RecordConnection = ((attempt: Attempt) => Recorder) | null;

/**
 * Follows a flow to its landing: its own connection, then, in the manner *forward*, each that the stub Envoy makes for it. The stub answers
 * datagrams whatever the manner.
 */
export function walkFlow(
  pod: CompiledPod,
  flow: ResolvedFlow,
  manner: Manner,
  oracle: Oracle,
  record: RecordConnection,
): Landing {
  const hops: Hop[] = [];
  let attempt = firstAttempt(pod, flow);
  if (flow.protocol === "udp") return walkDatagrams(pod, attempt, flow.exchange ?? "first", oracle, record);
  for (;;) {
    const undialled = landUndialled(pod, attempt, hops);
    if (undialled !== null) return undialled;
    const recorder = record === null ? null : record(attempt);
    const ending = makeConnection({ pod, entries: [], sockets: [], oracle, recorder }, attempt);
    const onward = manner === "forward" && ending.kind === "listener" ? planNext(pod, ending) : null;
    if (onward === null || ending.kind !== "listener") return nameRemote(landAt(ending, hops), pod.spec.shape);
    hops.push(makeHop(ending.listener, originalDestination(ending)));
    if (hops.length === MAX_HOPS) return makeLanding("loop", { hops });
    attempt = onwardAttempt(pod, ending.listener, onward);
  }
}

function walkDatagrams(
  pod: CompiledPod,
  attempt: Attempt,
  exchange: "first" | "again",
  oracle: Oracle,
  record: RecordConnection,
): Landing {
  const undialled = landUndialled(pod, attempt, []);
  if (undialled !== null) return undialled;
  const recorder = record === null ? null : record(attempt);
  const ending = exchangeDatagrams({ pod, entries: [], sockets: [], oracle, recorder }, attempt, exchange);
  return nameRemote(landAt(ending, []), pod.spec.shape);
}

/** Gives the landing of what no socket can send at all; null where one can. */
function landUndialled(pod: CompiledPod, attempt: Attempt, hops: readonly Hop[]): Landing | null {
  const cause = whyNotDialled(attempt);
  if (cause !== null) return makeBlind("cannot-be-dialled", cause, hops);
  return hasNoSource(pod, attempt) ? makeLanding("unreachable", { hops }) : null;
}

function firstAttempt(pod: CompiledPod, { family, from, to }: ResolvedFlow): Attempt {
  return {
    family,
    host: hostOfActor(from.actor),
    source: { address: pod.book.find(from.address), port: from.port ?? EPHEMERAL },
    destination: { address: pod.book.find(to.address), port: to.port },
    owner: from,
    mark: from.mark ?? 0,
  };
}

function planNext(pod: CompiledPod, ending: Ending & { kind: "listener" }): PredictedDial | null {
  return isStub(ending.listener) ? predictOnwardDial(ending.listener, ending.dialled, pod.spec, pod.book) : null;
}

function onwardAttempt(pod: CompiledPod, { shape }: Listener, { destination, source }: PredictedDial): Attempt {
  const proxy = pod.spec.shape.proxies.find(({ name }) => name === shape?.proxy);
  const { mark, ...owner } = proxy?.runsAs ?? proxyIdentity(pod.spec.shape);
  const address = source ?? routeSource(pod, destination.address);
  return {
    family: destination.address.family,
    host: "pod",
    source: { address, port: EPHEMERAL },
    destination,
    owner,
    mark,
  };
}

/** The source the kernel chooses: towards the pod's own addresses the address itself, on 127.0.0.0/8 always 127.0.0.1. */
function routeSource(pod: CompiledPod, destination: KnownAddress): KnownAddress {
  if (destination.host === "loopback") return pod.book.find(loopbackAddress(destination.family));
  return destination.host === "pod" ? destination : pod.sourceTowards(destination);
}

/**
 * Over IPv4 a socket that is not bound gets its source from the route. Where its mark leads to a local route for an address that is not the
 * pod's, that source would be the address dialled, which the pod does not have, and `connect` fails with ENETUNREACH (ip_route_connect in
 * include/net/route.h). IPv6 takes an address of the pod's.
 */
function hasNoSource(pod: CompiledPod, { family, host, source, destination, mark }: Attempt): boolean {
  if (family === 6 || host !== "pod" || mark === 0 || destination.address.host === "pod") return false;
  if (destination.address.host === "loopback" || source.address.text !== pod.addresses.pod[4]) return false;
  const route = pod.findRoute({ destination: destination.address, mark, iif: "lo" });
  return !("unknown" in route) && route.scope === "local";
}

/**
 * A socket is bound only to an address of its host; and IPv4 routes no loopback source out of the host (EINVAL, `__mkroute_output` in
 * net/ipv4/route.c).
 */
function whyNotDialled({ family, host, source: { address }, destination }: Attempt): string | null {
  if (host === "vm" && address.host === "nobody") return "there is no vm: the pod has no interface for one (-k)";
  if (address.host !== host && address.host !== "loopback") {
    return `no socket can be bound to ${address.text}: the host that dials does not have that address`;
  }
  const staysInside = destination.address.host === host || destination.address.host === "loopback";
  if (family === 6 || address.host !== "loopback" || staysInside) return null;
  return `nothing can be dialled from ${address.text} at ${destination.address.text}: a loopback address cannot be a source outside its host`;
}

function landAt(ending: Ending, hops: readonly Hop[]): Landing {
  if (ending.kind === "refused")
    return makeLanding("refused", { address: ending.at.address.text, port: ending.at.port, hops });
  if (ending.kind === "unanswered") {
    const { host = null, replyFrom } = ending;
    return makeLanding(ending.kind, { host, hops, ...(replyFrom ? { replyFrom: renderEnd(replyFrom) } : {}) });
  }
  if (ending.kind !== "listener") return makeLanding(ending.kind, { hops });
  const { listener, ends } = ending;
  return makeLanding("listener", {
    host: listener.host,
    listener: listener.name,
    address: ends.destination.address.text,
    port: listener.port,
    originalDestination: originalDestination(ending),
    source: renderEnd(ends.source),
    hops,
  });
}

/** Null where what was dialled is what accepted: the socket's own address, at the listener's own port. */
function originalDestination({ listener, ends, dialled }: Ending & { kind: "listener" }): string | null {
  const isSame = dialled.address === ends.destination.address && dialled.port === listener.port;
  return isSame ? null : renderEnd(dialled);
}
