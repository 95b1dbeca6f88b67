import { addressValue, type Family } from "./address.ts";
import type { Connection, Identity, Protocol } from "./contract.ts";
import { NO_PORT, type ResolvedFlow, startsInPod } from "./flow.ts";
import { isRouteSource } from "./flow-resolution.ts";
import { type HostName, hostOfActor, type SandboxAddresses } from "./pod.ts";
import type { SplitPoints } from "./split-points.ts";
import { holdsValue, type ValueRanges } from "./value-ranges.ts";

/** The highest mark that a socket can have: 32 bits, all set. */
export const MAX_MARK = 0xffffffffn;
/** The ports of ICMP echoes, which have none: {@link NO_PORT} alone. */
export const NO_PORTS: ValueRanges = [[BigInt(NO_PORT), BigInt(NO_PORT)]];
/** Every mark that a socket can have, 0 among them: that of a socket which sets none. */
export const ANY_MARK: ValueRanges = [[0n, MAX_MARK]];

/** A set of flows of one family: who dials, from where, and what is dialled by which protocol, each within some ranges. */
export interface FlowSet {
  /** As its author wrote it. */
  readonly text: string;
  readonly family: Family;
  readonly protocols: readonly Protocol[];
  readonly host: HostName;
  /** Owners in the pod and the marks of their sockets; hosts outside have none that a rule could see. */
  readonly uids: ValueRanges;
  readonly gids: ValueRanges;
  readonly marks: ValueRanges;
  /** `route`: in the pod the source that the route gives, from outside any; ranges: what the socket is bound to, or comes from. */
  readonly sources: ValueRanges | "route";
  readonly destinations: ValueRanges;
  readonly ports: ValueRanges;
}

/** Says whether a flow is in a set. Who dials matters in the pod alone: outside, a set's ids and marks are not compared. */
export function holdsFlow(set: FlowSet, flow: ResolvedFlow, addresses: SandboxAddresses): boolean {
  const { from, to, family, protocol } = flow;
  const isInPod = startsInPod(flow);
  if (family !== set.family || !set.protocols.includes(protocol) || !isOfHost(set, flow, addresses)) return false;
  if (isInPod && !holdsOwner(set, { ...from, mark: from.mark ?? 0 })) return false;
  const isFromThere =
    set.sources === "route"
      ? !isInPod || isRouteSource(from.address, from.actor, family, to.address, addresses)
      : holdsValue(set.sources, addressValue(from.address));
  return isFromThere && holdsValue(set.destinations, addressValue(to.address)) && holdsValue(set.ports, to.port);
}

function holdsOwner({ uids, gids, marks }: FlowSet, { uid, gid, mark }: Identity): boolean {
  return holdsValue(uids, uid) && holdsValue(gids, gid) && holdsValue(marks, mark);
}

/** From outside, `upstream` without a source is its own address; `client` is every source but that. */
function isOfHost({ host, sources }: FlowSet, { from, family }: ResolvedFlow, addresses: SandboxAddresses): boolean {
  const actual = hostOfActor(from.actor);
  if (host === "pod" || host === "vm" || actual === "pod" || actual === "vm") return host === actual;
  const isUpstreams = from.address === addresses.upstream[family];
  return host === "client" ? !isUpstreams : sources !== "route" || isUpstreams;
}

/** Says whether a connection is in a set, as {@link holdsFlow} does; of ICMP the port is not compared. */
export function holdsConnection(set: FlowSet, connection: Connection, addresses: SandboxAddresses): boolean {
  const { family, protocol, startedOn, owner, source, destination, port } = connection;
  if (family !== set.family || startedOn !== set.host || !set.protocols.includes(protocol)) return false;
  const isInPod = startedOn === "pod";
  if (isInPod && !holdsOwner(set, owner)) return false;
  const isFromThere =
    set.sources === "route"
      ? !isInPod || isRouteSource(source, "app", family, destination, addresses)
      : holdsValue(set.sources, addressValue(source));
  const isPort = protocol === "icmp" || holdsValue(set.ports, port);
  return isFromThere && holdsValue(set.destinations, addressValue(destination)) && isPort;
}

/**
 * Gives the values at which flows of a set are told from others, as split points of an analysis.
 *
 * @example
 * cutsOfSet(set).ports   // [[443n, 443n]] of "uid=1000-1336 -> 10.20.0.0/16:443"
 */
export function cutsOfSet({ sources, destinations, ports, uids, gids, marks }: FlowSet): SplitPoints {
  const addresses = [...(sources === "route" ? [] : sources), ...destinations];
  return { addresses, ports, ids: [...uids, ...gids], marks };
}

/** Says whether some marks are all of them, 0 among them: then a socket's mark does not matter. */
export function isAnyMark(marks: ValueRanges): boolean {
  return marks.length === 1 && marks.every(([first, last]) => first === 0n && last === MAX_MARK);
}

/**
 * Joins the split points of several sources, kind by kind; nothing is sorted, and nothing merged.
 *
 * @example
 * joinCuts([contract.splitPoints(4), cutsOfSet(set)])   // { addresses: […], ports: [[22n, 22n], [443n, 443n]], ids: […], marks: […] }
 */
export function joinCuts(cuts: readonly SplitPoints[]): SplitPoints {
  return {
    addresses: cuts.flatMap(({ addresses }) => addresses),
    ports: cuts.flatMap(({ ports }) => ports),
    ids: cuts.flatMap(({ ids }) => ids),
    marks: cuts.flatMap(({ marks }) => marks),
  };
}
