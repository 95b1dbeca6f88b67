import type { Family } from "../model/address.ts";
import type { FlowSpec } from "../model/flow.ts";
import { MAX_PORT } from "../model/pod.ts";
import { APP_PORT, type BoundaryNames, byEach, byName, dialIn, isTaken, namesOf } from "./boundary-names.ts";
import { firstIds, idBoundaries, portBoundaries } from "./boundary-values.ts";
import type { Demands } from "./demanded-landing.ts";
import { loopbackBoundaries } from "./inside-flows.ts";

/**
 * Gives the UDP flows of a family that show whether rules do what a contract demands: at every port and address at which a demand may
 * change, from the workload, and of each owner to a captured end, inside the pod, and from peers. Fewer than of TCP: no mesh captures the
 * datagrams that come in, and a proxy forwards none.
 */
export function datagramFlows(family: Family, demands: Demands): readonly FlowSpec[] {
  const names = namesOf(family, demands, "udp");
  const taken = capturedPorts(names, demands);
  const flows = [
    ...departing(names),
    ...ofOwners(names, demands, taken),
    ...inside(names),
    ...toServers(names, demands, taken),
    ...arriving(names),
    ...(demands.shape.links.length > 0 ? passingThrough(names) : []),
  ];
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

/** `taken`: the ports of servers that are captured. */
function ofOwners(
  { family, port, named, stranger, captured, proxy }: BoundaryNames,
  { contract }: Demands,
  taken: readonly number[],
): readonly FlowSpec[] {
  const dial = dialIn(family);
  const { ids } = contract.splitPoints(family);
  const called = proxy === null ? [byName("root")] : [proxy, byName("root")];
  return [
    ...[...called, ...byEach(idBoundaries(ids), stranger)].map((actor) => dial(actor, captured, port)),
    // What rules do with an owner's questions to servers that nobody captures may be seen in their answers alone.
    ...byEach(firstIds(ids), stranger).flatMap((actor) => taken.map((to) => dial(actor, "upstream", to))),
    ...called.flatMap((actor) => named.map((dialled) => dial(actor, captured, dialled))),
  ];
}

/** From a virtual machine, to the pod and to elsewhere, where its datagrams only pass through the pod. */
function passingThrough({ family, port, ports }: BoundaryNames): readonly FlowSpec[] {
  const dial = dialIn(family);
  return [port, ...ports].flatMap((dialled) =>
    ["upstream", "pod"].map((target) => dial(byName("vm"), target, dialled)),
  );
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

/**
 * To servers that are captured: every port beside theirs; and to those inside the pod each owner, and on loopback the addresses beside. The
 * pod's own address may be a server's too.
 */
function toServers(
  { family, workload, proxy, stranger, elsewhere }: BoundaryNames,
  demands: Demands,
  taken: readonly number[],
): readonly FlowSpec[] {
  const dial = dialIn(family);
  const { addresses, ids } = demands.contract.splitPoints(family);
  const loopbacks = loopbackBoundaries(addresses, family);
  const callers = [...(proxy === null ? [] : [proxy]), byName("root"), ...byEach(idBoundaries(ids), stranger)];
  return taken.flatMap((port) => {
    const isServer = (address: string) => isTakenDatagram(dial(workload, address, port), demands);
    const inside = [...loopbacks, "pod"].filter(isServer);
    const beside = portBoundaries([[BigInt(port), BigInt(port)]]);
    return [
      ...[...elsewhere.filter(isServer), ...inside].flatMap((address) =>
        beside.map((to) => dial(workload, address, to)),
      ),
      ...(inside.length > 0 ? loopbacks.map((address) => dial(workload, address, port)) : []),
      ...inside.flatMap((address) => [
        dial(workload, address, 1),
        ...callers.map((actor) => dial(actor, address, port)),
      ]),
    ];
  });
}

/** The ports that the contract names at which it captures the workload's datagrams to somebody. */
function capturedPorts({ family, workload, captured, named }: BoundaryNames, demands: Demands): readonly number[] {
  const dial = dialIn(family);
  const { addresses } = demands.contract.splitPoints(family);
  const targets = [captured, ...loopbackBoundaries(addresses, family), "pod"];
  return named.filter((port) => targets.some((target) => isTakenDatagram(dial(workload, target, port), demands)));
}

function isTakenDatagram(flow: FlowSpec, demands: Demands): boolean {
  return isTaken({ ...flow, protocol: "udp" }, demands);
}

function arriving({ family, port, ports, named }: BoundaryNames): readonly FlowSpec[] {
  const dial = dialIn(family);
  return [
    ...[APP_PORT, port, ...ports].map((dialled) => dial(byName("client"), "pod", dialled)),
    ...[APP_PORT, port, ...named.slice(0, 2)].map((dialled) => dial(byName("upstream"), "pod", dialled)),
  ];
}
