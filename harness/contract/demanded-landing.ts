import { type Family, renderEndpoint } from "../model/address.ts";
import type { Connection, Contract, Demand } from "../model/contract.ts";
import type { Flow, Manner } from "../model/flow.ts";
import { type Hop, type Landing, makeLanding } from "../model/landing.ts";
import {
  type HostName,
  hostOfActor,
  isLoopback,
  type ListenerName,
  loopbackAddress,
  MAX_HOPS,
  type PodSpec,
  type SandboxAddresses,
} from "../model/pod.ts";
import type { ListenerShape, PodShape } from "../model/pod-shape.ts";

/** What stands in a sandbox beside the listeners that a pod's shape names. */
export type Peers = Pick<PodSpec, "listen" | "upstreamPorts" | "clientPorts" | "upstreamAddresses">;

/** Everything that a demanded landing follows from beside the flow. */
export interface Demands {
  readonly contract: Contract;
  readonly shape: PodShape;
  readonly addresses: SandboxAddresses;
  readonly peers: Peers;
}

/** What is demanded of one flow: the landing, and the clause that demands it of the flow's own connection. */
export interface DemandedLanding {
  readonly landing: Landing;
  readonly demand: Demand;
}

/**
 * Gives where a contract demands a flow to land, made from the contract and the pod's shape alone: the second opinion beside every rule
 * set. Null where no single landing is demanded: nothing is, or only that the flow must not leave the pod.
 * The source is an address without port. A `refused` names the port that was reached.
 */
export function demandedLanding(flow: Flow, manner: Manner, demands: Demands): DemandedLanding | null {
  const hops: Hop[] = [];
  let connection = openConnection(flow);
  const demand = demands.contract.demand(connection);
  while (hops.length < MAX_HOPS) {
    const landing = landConnection(connection, demands);
    if (landing === null) return null;
    const next = manner === "forward" ? dialOn(landing, connection, demands) : null;
    if (next === null || landing.listener === null || landing.port === null)
      return { landing: { ...landing, hops }, demand };
    hops.push({ listener: landing.listener, port: landing.port, originalDestination: landing.originalDestination });
    connection = next;
  }
  return { landing: makeLanding("loop", { hops }), demand };
}

/** Gives the connection that a flow begins with. */
export function openConnection(flow: Flow): Connection {
  return {
    family: flow.family,
    protocol: flow.protocol,
    startedOn: hostOfActor(flow.from.actor),
    owner: { uid: flow.from.uid, gid: flow.from.gid, mark: flow.from.mark ?? 0 },
    source: flow.from.address,
    destination: flow.to.address,
    port: flow.to.port,
  };
}

/** Says whether an address is the pod's own, seen from inside: on its interface, on lo, or the pass-through address it has. */
export function isPodsOwn(address: string, { shape, addresses }: Pick<Demands, "shape" | "addresses">): boolean {
  if (address === shape.passThrough[6] || address === addresses.pod[4] || address === addresses.pod[6]) return true;
  return isLoopback(address) && address !== "::6";
}

function landConnection(connection: Connection, demands: Demands): Landing | null {
  const demand = demands.contract.demand(connection);
  switch (demand.must) {
    case "rejected":
      return makeLanding("refused", { port: connection.port });
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
    throw new RangeError(`A contract demands the listener ${demand.listener}, which the pod does not have.`);
  const { port } = listener;
  const isUnderDialled = port === connection.port && acceptsUnderDialled(demand, listener, connection, demands);
  const original = isUnderDialled ? null : renderEndpoint(connection.destination, connection.port);
  return landOnPort(port, original, connection, demands);
}

/**
 * Says whether a captured connection is accepted at the address dialled: always where it is taken transparently; where it is redirected,
 * if it was for the address that a redirect leads to (iptables-extensions(8), REDIRECT): loopback for what the pod dials itself, else the
 * address of the interface by which it came.
 */
function acceptsUnderDialled(
  demand: Demand & { must: "land-on" },
  listener: ListenerShape,
  { startedOn, destination, family }: Connection,
  { addresses }: Demands,
): boolean {
  const by = demand.by ?? (listener.mode === "transparent" ? "transparent" : "redirect");
  if (by === "transparent") return true;
  if (startedOn === "pod") return destination === loopbackAddress(family);
  return startedOn !== "vm" && destination === addresses.pod[family];
}

/** A port of the proxy's is the listener's whose port it is, whoever was meant: two listeners on one port are one. */
function landOnPort(port: number, original: string | null, connection: Connection, demands: Demands): Landing {
  const name = nameListenerAt(port, demands);
  if (name === null) return makeLanding("refused", { port });
  return accept("pod", name, port, original, connection);
}

function nameListenerAt(port: number, { shape, peers }: Demands): ListenerName | null {
  const named = shape.listeners.find((listener) => listener.host === "pod" && listener.port === port);
  if (named) return named.name as ListenerName;
  return peers.listen.includes(port) ? "app" : null;
}

function landAsDialled(connection: Connection, demands: Demands): Landing {
  const host = ownerOf(connection, demands);
  if (host === "pod") return landOnPort(connection.port, null, connection, demands);
  if (host === null) return makeLanding("unreachable");
  const { clientPorts, upstreamPorts } = demands.peers;
  const listening = { client: clientPorts, upstream: upstreamPorts };
  if (host === "vm" || !listening[host].includes(connection.port))
    return makeLanding("refused", { port: connection.port });
  return accept(host, host, connection.port, null, connection);
}

/** The host that an address belongs to, as seen from the one that dials it; null where nobody has it. */
function ownerOf({ destination, startedOn, family }: Connection, demands: Demands): HostName | null {
  const { addresses, peers } = demands;
  if (startedOn === "pod" && isPodsOwn(destination, demands)) return "pod";
  if (isLoopback(destination)) return startedOn === "pod" ? null : (startedOn as HostName);
  const named = (["pod", "client", "upstream", "vm"] as const).find((host) => addresses[host][family] === destination);
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

/**
 * The connection that a proxy makes for one that it has taken, or null where it makes none: what it did not accept, what it is not made to
 * forward, and calls to its own ports.
 */
function dialOn(landing: Landing, connection: Connection, demands: Demands): Connection | null {
  const listener = demands.shape.listeners.find(({ host, name }) => host === "pod" && name === landing.listener);
  const proxy = demands.shape.proxies.find(({ name }) => name === listener?.proxy);
  if (!listener || !proxy || listener.dials.kind === "nothing") return null;
  const { family } = connection;
  const dial = { ...connection, startedOn: "pod", owner: proxy.runsAs };
  if (listener.dials.kind === "fixed") {
    const { address, port } = listener.dials;
    return { ...dial, source: sourceTowards(address, family, demands), destination: address, port };
  }
  const { destination, port } = connection;
  if (!isPodsOwn(destination, demands)) return { ...dial, source: demands.addresses.pod[family] };
  if (isOwnPort(port, listener, demands)) return null;
  switch (listener.dials.own) {
    case "from-pass-through":
      return { ...dial, source: demands.shape.passThrough[family] ?? loopbackAddress(family) };
    case "as-loopback":
      return { ...dial, source: loopbackAddress(family), destination: loopbackAddress(family) };
    case "like-others":
      return { ...dial, source: sourceTowards(destination, family, demands) };
  }
}

/** Calls to a port where the same proxy captures traffic would go round for ever: it closes them. */
function isOwnPort(port: number, { proxy }: ListenerShape, { shape }: Demands): boolean {
  return shape.listeners.some(
    (listener) => listener.proxy === proxy && listener.dials.kind !== "nothing" && listener.port === port,
  );
}

function sourceTowards(destination: string, family: Family, { addresses }: Demands): string {
  if (isLoopback(destination)) return family === 4 ? loopbackAddress(4) : destination;
  return addresses.pod[family];
}
