import type { Family } from "../model/address.ts";
import { type FlowSpec, NO_PORT } from "../model/flow.ts";
import { type BoundaryNames, byEach, byName, dialIn, namesOf } from "./boundary-names.ts";
import { firstIds } from "./boundary-values.ts";
import type { Demands } from "./demanded-landing.ts";

/**
 * Gives the ICMP echo requests of a family that show whether rules do what a contract demands: of each owner and from each host, to every
 * address at which a demand may change. No proxy takes one.
 */
export function echoFlows(family: Family, demands: Demands): readonly FlowSpec[] {
  const names = namesOf(family, demands);
  const flows = [...departing(names, demands), ...staying(names), ...arriving(names)];
  return flows.map((flow) => ({ ...flow, protocol: "icmp" }));
}

function departing(
  { family, workload, captured, elsewhere, untaken, proxy, stranger }: BoundaryNames,
  { contract }: Demands,
): readonly FlowSpec[] {
  const dial = dialIn(family);
  const owners = byEach(firstIds(contract.splitPoints(family).ids), stranger);
  const callers = proxy === null ? [workload, byName("root")] : [workload, proxy, byName("root")];
  return [...callers, ...owners].flatMap((actor) =>
    [captured, "upstream", "client", ...elsewhere, ...untaken].map((target) => dial(actor, target, NO_PORT)),
  );
}

function staying({ family, workload }: BoundaryNames): readonly FlowSpec[] {
  return ["localhost", "pod"].map((target) => dialIn(family)(workload, target, NO_PORT));
}

function arriving({ family, peers }: BoundaryNames): readonly FlowSpec[] {
  return peers.map((peer) => dialIn(family)(byName(peer), "pod", NO_PORT));
}
