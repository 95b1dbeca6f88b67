import type { Family } from "../model/address.ts";
import type { Demand } from "../model/contract.ts";
import type { FlowProtocol, FlowSpec, FlowWho } from "../model/flow.ts";
import { resolveFlow } from "../model/flow-resolution.ts";
import { makeFlowSpec } from "../model/flow-spec.ts";
import { APP_ID, APP_PORTS, MAX_PORT } from "../model/pod.ts";
import { dialsOn } from "../model/pod-shape.ts";
import type { ValueRanges } from "../model/value-ranges.ts";
import { addressBoundaries, portBoundaries } from "./boundary-values.ts";
import type { Demands } from "./demanded-landing.ts";
import { firstConnection } from "./first-connection.ts";

/** A port of the app that stands for every ordinary one. */
export const APP_PORT = 8080;
/** Ports of peers that stand for every ordinary one. */
const PEER_PORTS = [80, 443, 7000, 9000, 10000];
/** Ids that stand for a workload whose traffic is the proxy's business. */
const WORKLOAD_IDS = [APP_ID, 2000, 3000, 4000, 5000];
/** Addresses far apart that stand for everything elsewhere. */
const FAR: Readonly<Record<Family, readonly string[]>> = {
  4: ["1.0.0.0", "10.96.0.1", "223.255.255.255"],
  6: ["2000::", "2001:db8::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
};

/** Who dials a boundary flow; `source` where the socket is bound to an address, `mark` where it has one of its own. */
export type Dialler = FlowWho & Partial<Pick<FlowSpec, "source" | "mark">>;

/**
 * What the flows of one family are made of, for one contract and protocol. A target is a name without its 6, or a canonical address.
 *
 * @example
 * // some fields for the seed command of Istio 1.4
 * { family: 4, proxy: { actor: "envoy", ids: {} }, stranger: 1000, workload: { actor: "app", ids: {} }, port: 80, captured: "upstream" }
 */
export interface BoundaryNames {
  readonly family: Family;
  /** The proxy as an actor; null where there is none. */
  readonly proxy: Dialler | null;
  /** An id that is left alone neither as uid nor as gid, and an actor in the pod that has it. */
  readonly stranger: number;
  readonly workload: Dialler;
  /** A port at which the workload's calls elsewhere are captured, if there is any. */
  readonly port: number;
  /** A port of the pod at which calls from peers are not captured, if there is any. */
  readonly openPort: number;
  /** A target elsewhere that the workload's calls to are captured, if there is any, else upstream. */
  readonly captured: string;
  /** Every address elsewhere that is worth dialling. */
  readonly elsewhere: readonly string[];
  /** Targets elsewhere that the workload's calls to are left alone, though calls to others are captured; peers among them. */
  readonly untaken: readonly string[];
  /** The peer whose calls to the pod are captured, and the other one: a contract may leave one of them alone. */
  readonly peers: readonly [captured: string, other: string];
  /** Every port at which a demand may change, and the listeners' own. */
  readonly ports: readonly number[];
  /** The first port of each range that the contract names, and ports of proxies. */
  readonly named: readonly number[];
  readonly own: readonly number[];
  /** Ports of the pod's listeners that do not dial on. */
  readonly plain: readonly number[];
  /** Whether any flow of the family must go to a proxy. */
  readonly captures: "something" | "nothing";
}

/** Gives who dials, by an actor's name: `byName("app")` is `{ actor: "app", ids: {} }`. */
export function byName(actor: string): Dialler {
  return { actor, ids: {} };
}

/** Gives who dials, by uid and gid: `byIds(7, 8)` is `{ actor: null, ids: { uid: 7, gid: 8 } }`. */
export function byIds(uid: number, gid: number): Dialler {
  return { actor: null, ids: { uid, gid } };
}

/**
 * Gives who dials with each of some ids, as uid and as gid, beside another id: `byEach([7], 8)` is uid 7 with gid 8, and uid 8 with gid 7.
 */
export function byEach(ids: readonly number[], other: number): readonly Dialler[] {
  return ids.flatMap((id) => [byIds(id, other), byIds(other, id)]);
}

/**
 * Gives who has the uid of one owner and the gid of the next, and the other way round: which of the two counts, the order of their rules
 * decides. Only of neighbours in the list: their rules stand one behind the other, and lists of owners may be long.
 *
 * @example
 * byNeighbours([[7n, 7n], [8n, 9n]]) // uid 7 with gid 8, and uid 8 with gid 7
 */
export function byNeighbours(owners: ValueRanges): readonly Dialler[] {
  const firsts = owners.map(([first]) => Number(first));
  return firsts.slice(1).flatMap((next, i) => {
    const one = firsts[i] ?? next;
    return one === next ? [] : [byIds(one, next), byIds(next, one)];
  });
}

/**
 * Gives a function that makes TCP flows of a family, of who dials, the target's name or address, and its port (1–65535).
 *
 * @example
 * dialIn(6)(byName("client"), "pod", 8080) // client6 -> pod6:8080
 */
export function dialIn(family: Family): (who: Dialler, target: string, port: number) => FlowSpec {
  return (who, target, port) => makeFlowSpec({ ...who, target, family, port });
}

/** Gives what a contract demands of a flow's own connection, that which its actor dials; what a proxy dials on is not asked about. */
export function demandOf(spec: FlowSpec, { contract, addresses, shape }: Demands): Demand {
  return contract.demand(firstConnection(resolveFlow(spec, addresses, shape), shape));
}

/** Says whether a contract demands that a flow's own connection lands on a listener. */
export function isTaken(spec: FlowSpec, demands: Demands): boolean {
  return demandOf(spec, demands).must === "land-on";
}

/**
 * Gives what the flows of a contract and a family are made of. It asks the contract which ordinary workload, target and port it captures by
 * that protocol, and which it leaves alone, and takes the first of each in a fixed order, so that the same contract gives the same flows.
 */
export function namesOf(family: Family, demands: Demands, protocol: FlowProtocol = "tcp"): BoundaryNames {
  const { contract, shape, addresses } = demands;
  const dial = dialIn(family);
  const isMet = (who: Dialler, target: string, dialled: number) =>
    isTaken({ ...dial(who, target, dialled), protocol }, demands);
  const points = contract.splitPoints(family);
  const elsewhere = [...FAR[family], ...addressBoundaries(points.addresses, family, addresses)];
  const targets = ["upstream", ...elsewhere];
  const isOpen = (dialled: number) => !isMet(byName("client"), "pod", dialled);
  // Port 0, which ranges may begin with, is no port that anybody dials.
  const firsts = points.ports.map(([first]) => Math.max(1, Number(first)));
  const openFirst = (known: readonly number[]) => [...known.filter(isOpen), ...known.filter((one) => !isOpen(one))];
  // Of datagrams a contract seldom captures more than DNS, and some contracts capture nothing else of TCP either.
  const [usual, named] = [openFirst(PEER_PORTS), openFirst(firsts)];
  const peerPorts = protocol === "tcp" ? [...usual, ...named] : [...named, ...usual];
  const taken = WORKLOAD_IDS.flatMap((id) =>
    targets.flatMap((target) => peerPorts.map((port) => ({ id, target, port }))),
  ).find(({ id, target, port }) => isMet(workloadOf(id), target, port));
  const { id: stranger, target: captured, port } = taken ?? { id: APP_ID, target: "upstream", port: 80 };
  const workload = workloadOf(stranger);
  const [proxy] = shape.proxies;
  const listening = shape.listeners.filter(({ host }) => host === "pod").map((listener) => listener.port);
  const own = shape.listeners.filter((listener) => listener.host === "pod" && dialsOn(listener));
  const openPort = [...APP_PORTS, 7000, 9000, ...firsts].find(isOpen) ?? APP_PORTS[0] ?? APP_PORT;
  const isInboundTaken = [APP_PORT, ...firsts].some((dialled) => !isOpen(dialled));
  const isInsideTaken = [workload, ...(proxy === undefined ? [] : [byName(proxy.name)])].some((actor) =>
    ["pod", "localhost"].some((target) => isMet(actor, target, APP_PORT)),
  );
  return {
    family,
    proxy: proxy === undefined ? null : byName(proxy.name),
    stranger,
    workload,
    port,
    openPort,
    captured,
    elsewhere,
    untaken: taken ? ["client", ...targets].filter((target) => !isMet(workload, target, port)) : [],
    peers:
      isInboundTaken || !isMet(byName("upstream"), "pod", APP_PORT) ? ["client", "upstream"] : ["upstream", "client"],
    ports: [...new Set([APP_PORT, ...portBoundaries(points.ports), ...listening, 1, MAX_PORT])],
    named: [...new Set(firsts)],
    own: own.map((listener) => listener.port),
    plain: listening.filter((port) => own.every((listener) => listener.port !== port)),
    captures: taken || isInboundTaken || isInsideTaken ? "something" : "nothing",
  };
}

function workloadOf(id: number): Dialler {
  return id === APP_ID ? byName("app") : byIds(id, id);
}
