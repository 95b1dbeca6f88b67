import { addressValue } from "../model/address.ts";
import { type Flow, startsInPod } from "../model/flow.ts";
import { findRouteSource } from "../model/flow-text.ts";
import { hostOfActor, type SandboxAddresses } from "../model/pod.ts";
import { holdsValue, type ValueRanges } from "./axis.ts";
import type { Cuts } from "./flow-space.ts";
import type { LaneHost } from "./lanes.ts";

/** A set of flows of one family: who dials, from where, and what is dialled, each within some ranges. */
export interface FlowSet {
  /** As its author wrote it. */
  readonly text: string;
  readonly family: Flow["family"];
  readonly host: LaneHost;
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
  if (family !== set.family || !isOfHost(set, flow, addresses)) return false;
  if (isInPod && !(holdsValue(set.uids, from.uid) && holdsValue(set.gids, from.gid))) return false;
  const isFromThere =
    set.sources === "route"
      ? !isInPod || from.address === findRouteSource(from.actor, family, to.address, addresses)
      : holdsValue(set.sources, addressValue(from.address));
  return isFromThere && holdsValue(set.destinations, addressValue(to.address)) && holdsValue(set.ports, to.port);
}

/** From outside, `upstream` without a source is its own address; `client` is every source but that. */
function isOfHost({ host, sources }: FlowSet, { from, family }: Flow, addresses: SandboxAddresses): boolean {
  const actual = hostOfActor(from.actor);
  if (host === "pod" || host === "vm" || actual === "pod" || actual === "vm") return host === actual;
  const isUpstreams = from.address === addresses.upstream[family];
  return host === "client" ? !isUpstreams : sources !== "route" || isUpstreams;
}

/** Gives the values at which flows of a set are told from others. */
export function cutsOfSet({ sources, destinations, ports, uids, gids }: FlowSet): Cuts {
  return { addresses: [...(sources === "route" ? [] : sources), ...destinations], ports, ids: [...uids, ...gids] };
}

/** Puts cuts together. */
export function joinCuts(cuts: readonly Cuts[]): Cuts {
  return {
    addresses: cuts.flatMap(({ addresses }) => addresses),
    ports: cuts.flatMap(({ ports }) => ports),
    ids: cuts.flatMap(({ ids }) => ids),
  };
}
