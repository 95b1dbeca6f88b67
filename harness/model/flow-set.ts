import { addressValue } from "./address.ts";
import { type Flow, startsInPod } from "./flow.ts";
import { findRouteSource } from "./flow-text.ts";
import type { HostName, SandboxAddresses } from "./pod.ts";
import type { SplitPoints } from "./split-points.ts";
import { holdsValue, type ValueRanges } from "./value-ranges.ts";

/** A set of flows of one family: who dials, from where, and what is dialled, each within some ranges. */
export interface FlowSet {
  /** As its author wrote it. */
  readonly text: string;
  readonly family: Flow["family"];
  readonly host: HostName;
  /** Owners in the pod; hosts outside have none that a rule could see. */
  readonly uids: ValueRanges;
  readonly gids: ValueRanges;
  /** `route`: in the pod the source that the route gives, from outside any; ranges: what the socket is bound to, or comes from. */
  readonly sources: ValueRanges | "route";
  readonly destinations: ValueRanges;
  readonly ports: ValueRanges;
}

/** Says whether a flow is in a set. */
export function holdsFlow(set: FlowSet, flow: Flow, addresses: SandboxAddresses): boolean {
  const { from, to, family } = flow;
  const isInPod = startsInPod(flow);
  if (family !== set.family || (isInPod ? "pod" : from.actor) !== set.host) return false;
  if (isInPod && !(holdsValue(set.uids, from.uid) && holdsValue(set.gids, from.gid))) return false;
  const isFromThere =
    set.sources === "route"
      ? !isInPod || from.address === findRouteSource(from.actor, family, to.address, addresses)
      : holdsValue(set.sources, addressValue(from.address));
  return isFromThere && holdsValue(set.destinations, addressValue(to.address)) && holdsValue(set.ports, to.port);
}

/** Gives the values at which flows of a set are told from others. */
export function cutsOfSet({ sources, destinations, ports, uids, gids }: FlowSet): SplitPoints {
  return { addresses: [...(sources === "route" ? [] : sources), ...destinations], ports, ids: [...uids, ...gids] };
}

/** Puts cuts together. */
export function joinCuts(cuts: readonly SplitPoints[]): SplitPoints {
  return {
    addresses: cuts.flatMap(({ addresses }) => addresses),
    ports: cuts.flatMap(({ ports }) => ports),
    ids: cuts.flatMap(({ ids }) => ids),
  };
}
