import type { Family } from "../model/address.ts";
import type { FlowSpec } from "../model/flow.ts";
import { MAX_PORT } from "../model/pod.ts";
import { APP_PORT, type BoundaryNames, byIds, byName, dialIn, namesOf } from "./boundary-names.ts";
import { idBoundaries } from "./boundary-values.ts";
import type { Demands } from "./demanded-landing.ts";

/**
 * Gives the UDP flows of a family that show whether rules do what a contract demands: at every port and address at which a demand may
 * change, from the workload, and of each owner to a captured end, inside the pod, and from peers. Fewer than of TCP: no mesh captures the
 * datagrams that come in, and a proxy forwards none.
 */
export function datagramFlows(family: Family, demands: Demands): readonly FlowSpec[] {
  const names = namesOf(family, demands, "udp");
  const flows = [...departing(names), ...ofOwners(names, demands), ...inside(names), ...arriving(names)];
  return flows.map((flow) => ({ ...flow, protocol: "udp" }));
}

function departing(names: BoundaryNames): readonly FlowSpec[] {
  const { workload, port, ports, named, captured, elsewhere, untaken, proxy } = names;
  const dial = dialIn(names.family);
  const callers = proxy === null ? [workload, byName("root")] : [workload, proxy];
  return [
    ...[port, ...ports].map((dialled) => dial(workload, captured, dialled)),
    ...[port, ...named.slice(0, 2)].map((dialled) => dial(workload, "upstream", dialled)),
    ...elsewhere.flatMap((address) => callers.map((actor) => dial(actor, address, port))),
    ...elsewhere.flatMap((address) => named.map((dialled) => dial(workload, address, dialled))),
    ...untaken.flatMap((target) => [1, port, MAX_PORT].map((dialled) => dial(workload, target, dialled))),
  ];
}

function ofOwners(names: BoundaryNames, { contract }: Demands): readonly FlowSpec[] {
  const { family, port, named, stranger, captured, proxy } = names;
  const dial = dialIn(family);
  const ids = idBoundaries(contract.splitPoints(family).ids);
  const owners = ids.flatMap((id) => [byIds(id, stranger), byIds(stranger, id)]);
  const called = proxy === null ? [byName("root")] : [proxy, byName("root")];
  return [
    ...[...called, ...owners].map((actor) => dial(actor, captured, port)),
    ...called.flatMap((actor) => named.map((dialled) => dial(actor, captured, dialled))),
  ];
}

function inside(names: BoundaryNames): readonly FlowSpec[] {
  const { family, workload, proxy, port, own, named } = names;
  const dial = dialIn(family);
  const callers = proxy === null ? [workload] : [workload, proxy];
  const targets = ["localhost", "pod", ...(family === 4 ? ["127.0.0.2"] : [])];
  return callers.flatMap((actor) =>
    [APP_PORT, port, ...own, ...named].flatMap((dialled) => targets.map((target) => dial(actor, target, dialled))),
  );
}

function arriving({ family, port, named }: BoundaryNames): readonly FlowSpec[] {
  const dial = dialIn(family);
  return ["client", "upstream"].flatMap((actor) =>
    [APP_PORT, port, ...named.slice(0, 2)].map((dialled) => dial(byName(actor), "pod", dialled)),
  );
}
