import { type Family, renderEndpoint } from "../model/address.ts";
import { MAX_PORT } from "../model/pod.ts";
import { APP_PORT, type BoundaryNames, namesOf } from "./boundary-names.ts";
import { idBoundaries } from "./boundary-values.ts";
import type { Demands } from "./demanded-landing.ts";

/**
 * Gives the UDP flows of a family that show whether rules do what a contract demands: at every port and address at which a demand may
 * change, from the workload, and of each owner to a captured end, inside the pod, and from peers. Fewer than of TCP: no mesh captures the
 * datagrams that come in, and a proxy forwards none.
 */
export function datagramFlows(family: Family, demands: Demands): readonly string[] {
  const names = namesOf(family, demands, "udp");
  const flows = [...departing(names), ...ofOwners(names, demands), ...inside(names), ...arriving(names)];
  return flows.map((flow) => `${flow}/udp`);
}

function departing(names: BoundaryNames): readonly string[] {
  const { suffix, workload, port, ports, named, captured, elsewhere, untaken, proxy } = names;
  const callers = proxy === null ? [workload, "root"] : [workload, proxy];
  return [
    ...[port, ...ports].map((dialled) => `${workload} -> ${captured}:${dialled}`),
    ...[port, ...named.slice(0, 2)].map((dialled) => `${workload} -> upstream${suffix}:${dialled}`),
    ...elsewhere.flatMap((address) => callers.map((actor) => `${actor} -> ${renderEndpoint(address, port)}`)),
    ...elsewhere.flatMap((address) => named.map((dialled) => `${workload} -> ${renderEndpoint(address, dialled)}`)),
    ...untaken.flatMap((target) => [1, port, MAX_PORT].map((dialled) => `${workload} -> ${target}:${dialled}`)),
  ];
}

function ofOwners(names: BoundaryNames, { contract }: Demands): readonly string[] {
  const { family, port, named, stranger, captured, proxy } = names;
  const ids = idBoundaries(contract.splitPoints(family).ids);
  const owners = ids.flatMap((id) => [`uid=${id},gid=${stranger}`, `uid=${stranger},gid=${id}`]);
  const called = proxy === null ? ["root"] : [proxy, "root"];
  return [
    ...[...called, ...owners].map((actor) => `${actor} -> ${captured}:${port}`),
    ...called.flatMap((actor) => named.map((dialled) => `${actor} -> ${captured}:${dialled}`)),
  ];
}

function inside(names: BoundaryNames): readonly string[] {
  const { family, suffix, workload, proxy, port, own, named } = names;
  const callers = proxy === null ? [workload] : [workload, proxy];
  const loopbacks = family === 4 ? ["127.0.0.2"] : [];
  return callers.flatMap((actor) =>
    [APP_PORT, port, ...own, ...named].flatMap((dialled) => [
      ...["localhost", "pod"].map((target) => `${actor} -> ${target}${suffix}:${dialled}`),
      ...loopbacks.map((address) => `${actor} -> ${address}:${dialled}`),
    ]),
  );
}

function arriving({ suffix, port, named }: BoundaryNames): readonly string[] {
  return ["client", "upstream"].flatMap((actor) =>
    [APP_PORT, port, ...named.slice(0, 2)].map((dialled) => `${actor}${suffix} -> pod${suffix}:${dialled}`),
  );
}
