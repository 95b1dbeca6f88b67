import { addressValue } from "../../model/address.ts";
import type { Flow } from "../../model/flow.ts";
import { hostOfActor } from "../../model/pod.ts";
import { holdsValue } from "../../model/value-ranges.ts";
import type { Diagram } from "../diagrams/diagrams.ts";
import { holdsNumber } from "../diagrams/intervals.ts";
import { findDomain } from "./flow-domain.ts";
import { DIMENSION, FIRST_REST, type FlowSpace } from "./flow-space.ts";
import type { Lane } from "./lane.ts";
import type { Witness } from "./witness.ts";

/** Gives the terminal a flow comes to in a lane's diagram, or null if the flow is not of that lane. */
export function locateFlow(
  diagram: Diagram,
  flow: Flow,
  assumed: Witness["assumed"],
  lane: Lane,
  space: FlowSpace,
): Diagram | null {
  // A second datagram meets what connection tracking has made of the first: lanes are about first exchanges.
  if (flow.protocol !== lane.protocol || flow.exchange !== undefined) return null;
  if (flow.family !== space.family || sideOf(flow.from.actor) !== sideOf(lane.host)) return null;
  const atoms = placeFlow(flow, space);
  const isInside = [...findDomain(space, lane)].every(([variable, allowed]) =>
    holdsNumber(allowed, atoms.get(variable) ?? -1),
  );
  if (!isInside || (lane.sources === "destination" && flow.from.address !== flow.to.address)) return null;
  if (!isOfSocket(lane.socket, flow)) return null;
  if (lane.without.some((hole) => isWithin(hole, flow))) return null;
  const { diagrams } = space;
  let at = diagram;
  while (diagrams.variableOf(at) < FIRST_REST) {
    const variable = diagrams.variableOf(at);
    const value = atoms.get(variable) ?? Number(assumed.get(space.unknownText(variable)) === "holds");
    at = diagrams.childrenOf(at)[diagrams.startsOf(at).findLastIndex((start) => start <= value)] as Diagram;
  }
  return at;
}

/** What comes from outside by the pod's own interface is of one lane or another by its source alone. */
function sideOf(actor: string): "pod" | "outside" | "vm" {
  const host = hostOfActor(actor);
  return host === "pod" || host === "vm" ? host : "outside";
}

/** A port that the kernel chooses is of whichever lane leaves the choice to it. */
function isOfSocket({ ports, mark }: Lane["socket"], { from }: Flow): boolean {
  if ((from.mark ?? 0) !== mark) return false;
  if (ports === null || from.port === undefined) return ports === null;
  return from.port >= ports[0] && from.port <= ports[1];
}

function isWithin({ sources, destinations }: Lane["without"][number], { from, to }: Flow): boolean {
  return holdsValue(sources, addressValue(from.address)) && holdsValue(destinations, addressValue(to.address));
}

function placeFlow({ from, to }: Flow, space: FlowSpace): ReadonlyMap<number, number> {
  return new Map([
    [DIMENSION.uid, space.ids.atomOf(BigInt(from.uid))],
    [DIMENSION.gid, space.ids.atomOf(BigInt(from.gid))],
    [DIMENSION.source, space.addresses.atomOf(addressValue(from.address))],
    [DIMENSION.destination, space.addresses.atomOf(addressValue(to.address))],
    [DIMENSION.port, space.ports.atomOf(BigInt(to.port))],
  ]);
}
