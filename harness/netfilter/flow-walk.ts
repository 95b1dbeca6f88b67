import type { FlowProtocol, Manner, ResolvedFlow } from "../model/flow.ts";
import { type Hop, type Landing, makeBlind, makeLanding } from "../model/landing.ts";
import { hostOfActor, loopbackAddress, MAX_HOPS } from "../model/pod.ts";
import { proxyIdentity } from "../model/pod-shape.ts";
import { nameRemote } from "../model/remote-listener.ts";
import type { KnownAddress } from "./address-book.ts";
import { chooseSource } from "./chosen-source.ts";
import { type Attempt, makeConnection } from "./connection.ts";
import { exchangeDatagrams } from "./datagram.ts";
import { exchangeEcho } from "./echo.ts";
import { isSameEnd, renderEnd } from "./entry.ts";
import type { Oracle } from "./oracle.ts";
import { EPHEMERAL } from "./packet.ts";
import type { CompiledPod } from "./pod.ts";
import type { Recorder } from "./recorder.ts";
import type { Ending, Taken } from "./segment.ts";
import type { Listener } from "./sockets.ts";
import { isStub, makeHop, type PredictedDial, predictOnwardDial } from "./stub.ts";
import type { Walk } from "./walk.ts";

/** Gives the recorder of each connection of a flow as it begins; null where nobody wants to know the way. */
export type RecordConnection = ((attempt: Attempt) => Recorder) | null;

/**
 * Follows a flow to its landing: its own connection or datagram, then, in the manner *forward*, each that a proxy makes for it. A proxy
 * passes a datagram on whether its own answer will come back or not: where it has taken eight, that is a loop, and else the first whose
 * answer is lost ends the flow.
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
  let lost: Landing | null = null;
  for (;;) {
    const undialled = landUndialled(pod, attempt, flow.protocol, hops);
    if (undialled !== null) return lost ?? undialled;
    const recorder = record === null ? null : record(attempt);
    const ending = walkAttempt({ pod, entries: [], sockets: [], oracle, recorder }, attempt, flow, hops);
    const passedOn = manner === "forward" ? planNext(pod, ending) : null;
    if (passedOn === null) return lost ?? nameRemote(landAt(ending, hops), pod.spec.shape);
    if (ending.kind === "unanswered") lost ??= nameRemote(landAt(ending, [...hops]), pod.spec.shape);
    hops.push(makeHop(passedOn.taken.listener, originalDestination(passedOn.taken)));
    if (hops.length === MAX_HOPS) return makeLanding("loop", { hops });
    attempt = onwardAttempt(pod, passedOn.taken.listener, passedOn.dial);
  }
}

/** Only a flow's own datagram is one of two over one socket. */
function walkAttempt(walk: Walk, attempt: Attempt, flow: ResolvedFlow, { length }: readonly Hop[]): Ending {
  if (flow.protocol === "tcp") return makeConnection(walk, attempt);
  if (flow.protocol === "icmp") return exchangeEcho(walk, attempt);
  return exchangeDatagrams(walk, attempt, length === 0 ? (flow.exchange ?? "first") : "first");
}

/** Gives the landing of what no socket can send at all; null where one can. */
function landUndialled(
  pod: CompiledPod,
  attempt: Attempt,
  protocol: FlowProtocol,
  hops: readonly Hop[],
): Landing | null {
  const cause = whyNotDialled(attempt, protocol);
  if (cause !== null) return makeBlind("cannot-be-dialled", cause, hops);
  return hasNoSource(pod, attempt) ? makeLanding("unreachable", { hops }) : null;
}

function firstAttempt(pod: CompiledPod, { family, from, to }: ResolvedFlow): Attempt {
  const attempt: Attempt = {
    family,
    host: hostOfActor(from.actor),
    source: { address: pod.book.find(from.address), port: from.port ?? EPHEMERAL },
    destination: { address: pod.book.find(to.address), port: to.port },
    owner: from,
    mark: from.mark ?? 0,
  };
  const chosen = chooseSource(pod, attempt);
  return chosen === attempt.source.address ? attempt : { ...attempt, source: { ...attempt.source, address: chosen } };
}

/** Gives who took a connection or a datagram and passes it on, and what that dials; null where nobody does. */
function planNext(pod: CompiledPod, ending: Ending): { readonly taken: Taken; readonly dial: PredictedDial } | null {
  const taken = ending.kind === "unanswered" ? (ending.taken ?? null) : ending.kind === "listener" ? ending : null;
  if (taken === null || !isStub(taken.listener)) return null;
  const dial = predictOnwardDial(taken, pod.spec, pod.book);
  return dial === null ? null : { taken, dial };
}

function onwardAttempt(
  pod: CompiledPod,
  { shape }: Listener,
  { destination, source, mark: given }: PredictedDial,
): Attempt {
  const proxy = pod.spec.shape.proxies.find(({ name }) => name === shape?.proxy);
  const { mark, ...owner } = proxy?.runsAs ?? proxyIdentity(pod.spec.shape);
  const address = source ?? routeSource(pod, destination.address);
  return {
    family: destination.address.family,
    host: "pod",
    source: { address, port: EPHEMERAL },
    destination,
    owner,
    mark: given ?? mark,
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
 * A socket is bound only to an address of its host, but for TCP inside the pod from a process that may mark its sockets: it may set
 * IP_TRANSPARENT, too, as the agent does (`openConnection`). IPv4 routes no loopback source out of the host (EINVAL, `__mkroute_output`
 * in net/ipv4/route.c).
 */
function whyNotDialled(attempt: Attempt, protocol: FlowProtocol): string | null {
  const { family, host, mark, destination } = attempt;
  const { address } = attempt.source;
  if (host === "vm" && address.host === "nobody") return "there is no vm: the pod has no interface for one (-k)";
  const mayBorrow = protocol === "tcp" && mark !== 0 && host === "pod" && destination.address.host === "pod";
  if (address.host !== host && address.host !== "loopback" && !mayBorrow) {
    return `no socket can be bound to ${address.text}: the host that dials does not have that address`;
  }
  const staysInside = destination.address.host === host || destination.address.host === "loopback";
  if (family === 6 || address.host !== "loopback" || staysInside) return null;
  return `nothing can be dialled from ${address.text} at ${destination.address.text}: a loopback address cannot be a source outside its host`;
}

function landAt(ending: Ending, hops: readonly Hop[]): Landing {
  if (ending.kind === "refused") {
    const { address, port } = ending.at;
    // An echo has no port.
    return makeLanding("refused", { address: address.text, port: port < 0 ? null : port, hops });
  }
  if (ending.kind === "unanswered") {
    const { host = null, replyFrom } = ending;
    return makeLanding(ending.kind, { host, hops, ...(replyFrom ? { replyFrom: renderEnd(replyFrom) } : {}) });
  }
  if (ending.kind === "replied") {
    const { source, destination } = ending.ends;
    const ends = { address: destination.address.text, source: renderEnd(source) };
    return makeLanding(ending.kind, { host: ending.host, ...ends, hops });
  }
  if (ending.kind !== "listener") return makeLanding(ending.kind, { hops });
  const { listener, ends } = ending;
  // Most landings are of this kind; all of their fields are named.
  return {
    kind: "listener",
    host: listener.host,
    listener: listener.name,
    address: ends.destination.address.text,
    port: listener.port,
    originalDestination: originalDestination(ending),
    source: renderEnd(ends.source),
    hops,
  };
}

/** Null where what was dialled is what accepted: the socket's own address and port, which are the listener's. */
function originalDestination({ listener, ends, dialled }: Taken): string | null {
  const isSame = isSameEnd(dialled, ends.destination) && dialled.port === listener.port;
  return isSame ? null : renderEnd(dialled);
}
