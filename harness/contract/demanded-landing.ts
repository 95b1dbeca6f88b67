import { renderEndpoint } from "../model/address.ts";
import type { Connection, Contract, Demand } from "../model/contract.ts";
import { CLOSED, type Expectation } from "../model/expectation.ts";
import type { Manner, ResolvedFlow } from "../model/flow.ts";
import { type Hop, type Landing, makeLanding } from "../model/landing.ts";
import { type HostName, isLoopback, type ListenerName, loopbackAddress, MAX_HOPS, vmLinks } from "../model/pod.ts";
import { findListener, type ListenerShape } from "../model/pod-shape.ts";
import { nameRemote } from "../model/remote-listener.ts";
import { firstConnection } from "./first-connection.ts";
import { findOpenPorts, nameListenerAt, type Peers } from "./listening.ts";
import { isReadThere, losesAnswer, mayLoseRefusal } from "./lost-answers.ts";
import { dialOn, isPodsOwn, type PlacedPod } from "./proxy-dial.ts";

/** What a demanded landing follows from, beside the flow. */
export interface Demands extends PlacedPod {
  readonly contract: Contract;
  readonly peers: Peers;
}

/** What is demanded of one flow: the landing, and the clause that demands it of the flow's own connection. */
export interface DemandedLanding {
  readonly landing: Expectation;
  readonly demand: Demand;
}

/**
 * Gives where a contract demands a flow to land, made from the contract and the pod's shape alone: the second opinion beside every rule
 * set. Null where no single landing is demanded: nothing is, or only that the flow must not leave the pod. The source is an address without
 * port. A `refused` names the port that was reached. `closed` where the kernel may lose the refusal.
 *
 * @example
 * demandedLanding(flow, "forward", { contract, shape, addresses: DEFAULT_ADDRESSES, peers: spec })   // flow: client -> pod:8080
 * // { landing: { kind: "listener", host: "pod", listener: "app", port: 8080, source: "127.0.0.6", originalDestination: null,
 * //     hops: [{ listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:8080" }], address: null },
 * //   demand: { must: "land-on", listener: "envoy-inbound", by: "redirect", clause: "inbound-captured" } }
 */
export function demandedLanding(flow: ResolvedFlow, manner: Manner, demands: Demands): DemandedLanding | null {
  const hops: Hop[] = [];
  let connection = firstConnection(flow, demands.shape);
  const demand = demands.contract.demand(connection);
  while (hops.length < MAX_HOPS) {
    const landing = landConnection(connection, demands);
    if (landing === null) return null;
    const taker = landing.host === "pod" ? findListener(demands.shape, landing.listener) : undefined;
    const next = manner === "forward" && taker ? dialOn(taker, connection, demands) : null;
    if (next === null || landing.listener === null || landing.port === null)
      return { landing: { ...landing, hops }, demand };
    hops.push({ listener: landing.listener, port: landing.port, originalDestination: landing.originalDestination });
    connection = next;
  }
  return { landing: makeLanding("loop", { hops }), demand };
}

function landConnection(connection: Connection, demands: Demands): Expectation | null {
  const demand = demands.contract.demand(connection);
  const isEcho = connection.protocol === "icmp";
  switch (demand.must) {
    case "rejected":
      return makeLanding("refused", isEcho ? {} : { port: connection.port });
    case "dropped":
      return makeLanding("timed-out");
    case "as-dialled":
      return landAsDialled(connection, demands);
    case "land-on":
      return landOnListener(demand, connection, demands);
    case "not-leave":
    case "unspecified":
      return null;
  }
}

function landOnListener(demand: Demand & { must: "land-on" }, connection: Connection, demands: Demands): Landing {
  const listener = demands.shape.listeners.find(({ name }) => name === demand.listener);
  if (!listener)
    throw new RangeError(`A contract requires the listener ${demand.listener}, which the pod does not have.`);
  const { port, host } = listener;
  if (host !== "pod") return landElsewhere(listener, connection, demands);
  const isUnderDialled = port === connection.port && acceptsUnderDialled(demand, listener, connection, demands);
  const original = isUnderDialled ? null : renderEndpoint(connection.destination, connection.port);
  const landing = landOnPort(port, null, original, connection, demands);
  const { destination, family } = connection;
  if (demand.acceptedAt === undefined) return landing;
  return { ...landing, address: demand.acceptedAt === "loopback" ? loopbackAddress(family) : destination };
}

/** A proxy on another host is dialled there, or reached by translation of the destination. */
function landElsewhere(
  { name, host, port, address }: ListenerShape,
  { destination, port: dialled, source, family }: Connection,
  { shape, addresses }: Demands,
): Landing {
  const own = address ?? shape.hosts[host]?.[family] ?? addresses[host as HostName]?.[family];
  const isDialled = own === destination && port === dialled;
  const original = isDialled ? null : renderEndpoint(destination, dialled);
  return makeLanding("listener", { host, listener: name, port, originalDestination: original, source });
}

/**
 * Says whether a captured connection is accepted at the address dialled: always where it is taken transparently; where it is redirected,
 * if it was for the address that a redirect leads to (iptables-extensions(8), REDIRECT): loopback for what the pod dials itself, else the
 * address of the interface by which it came. To a listener on one address what is for that address alone.
 */
function acceptsUnderDialled(
  demand: Demand & { must: "land-on" },
  listener: ListenerShape,
  { startedOn, destination, family }: Connection,
  { addresses }: Demands,
): boolean {
  const by = demand.by ?? (listener.mode === "transparent" ? "transparent" : "redirect");
  if (by === "transparent") return true;
  if (listener.address !== null) return destination === listener.address;
  if (startedOn === "pod") return destination === loopbackAddress(family);
  return startedOn !== "vm" && destination === addresses.pod[family];
}

/**
 * A port of the proxy's is the listener's whose port it is, whoever was meant: two listeners on one port are one. `address`: the one at
 * which the listener must take the connection; null where it is brought to whatever address the listener has.
 */
function landOnPort(
  port: number,
  address: string | null,
  original: string | null,
  connection: Connection,
  demands: Demands,
): Landing {
  const name = nameListenerAt(port, address, connection, demands);
  if (name === null) return makeLanding("refused", { port });
  return accept("pod", name, port, original, connection);
}

function landAsDialled(connection: Connection, demands: Demands): Expectation {
  const host = ownerOf(connection, demands);
  const isOpen = nameListenerAt(connection.port, connection.destination, connection, demands) !== null;
  if (host !== null && losesAnswer(connection, host))
    return makeLanding(isReadThere(connection, host, demands.peers) ? "unanswered" : "timed-out");
  if (connection.protocol === "icmp") return replyFrom(host, connection, demands);
  if (host === "pod" && !isOpen && mayLoseRefusal(connection, demands)) return CLOSED;
  if (host === "pod") return landOnPort(connection.port, connection.destination, null, connection, demands);
  if (host === null) return makeLanding("unreachable");
  const listening = findOpenPorts(connection.protocol, demands.peers);
  if (host === "vm" || !listening[host].includes(connection.port))
    return makeLanding("refused", { port: connection.port });
  const landing = accept(host, host, connection.port, null, connection);
  return nameRemote({ ...landing, address: connection.destination }, demands.shape, { address: null });
}

/** Whoever has an address replies to its echo requests. */
function replyFrom(host: HostName | null, { destination, source }: Connection, { shape }: Demands): Landing {
  if (host === null) return makeLanding("unreachable");
  return nameRemote(makeLanding("replied", { host, address: destination, source }), shape);
}

/** The host that an address belongs to, as seen from the one that dials it; null where nobody has it. */
function ownerOf({ destination, startedOn, family }: Connection, demands: Demands): HostName | null {
  const { addresses, peers } = demands;
  if (startedOn === "pod" && isPodsOwn(destination, demands)) return "pod";
  if (isLoopback(destination)) return startedOn === "pod" ? null : (startedOn as HostName);
  const hosts = ["pod", "client", "upstream", ...(vmLinks(demands).length > 0 ? (["vm"] as const) : [])] as const;
  const named = hosts.find((host) => addresses[host][family] === destination);
  return named ?? (peers.upstreamAddresses.includes(destination) ? "upstream" : null);
}

function accept(
  host: HostName,
  listener: ListenerName,
  port: number,
  originalDestination: string | null,
  { source }: Connection,
): Landing {
  return makeLanding("listener", { host, listener, port, originalDestination, source });
}
