import type { FlowSet } from "../../model/flow-set.ts";
import { holdsValue, intersectRanges } from "../../model/value-ranges.ts";
import type { Lane } from "./lane.ts";

/** Gives the parts of lanes that are in a set of flows of their family; lanes without any such flow are left out. */
export function narrowLanes(lanes: readonly Lane[], within: FlowSet): readonly Lane[] {
  return lanes
    .filter((lane) => isOfSet(lane, within) && (lane.host !== "pod" || holdsValue(within.marks, lane.socket.mark)))
    .flatMap((lane) => narrowLane(lane, within));
}

/** In the pod a set without a source means sockets that are not bound; of upstream, its own address alone. */
function isOfSet({ host, binding }: Lane, within: FlowSet): boolean {
  if (host === "client" && within.host === "upstream") return within.sources !== "route";
  return host === within.host && (host !== "pod" || within.sources !== "route" || binding === "route");
}

function narrowLane(lane: Lane, within: FlowSet): readonly Lane[] {
  const asked = within.sources === "route" ? null : within.sources;
  const isOwnTarget = lane.sources === "destination";
  const destinations = intersectRanges(lane.destinations, within.destinations);
  const narrowed: Lane = {
    ...lane,
    name: `${lane.name}, of ${within.text}`,
    road: `${lane.road}, of ${within.text}`,
    sources: lane.sources === "destination" || asked === null ? lane.sources : intersectRanges(lane.sources, asked),
    destinations: isOwnTarget && asked !== null ? intersectRanges(destinations, asked) : destinations,
    ports: intersectRanges(lane.ports, within.ports),
    ...(lane.host === "pod"
      ? { uids: intersectRanges(lane.uids, within.uids), gids: intersectRanges(lane.gids, within.gids) }
      : {}),
  };
  const { sources, ports, uids, gids } = narrowed;
  const parts = [sources, narrowed.destinations, ports, uids, gids];
  return parts.some((part) => part.length === 0) ? [] : [narrowed];
}
