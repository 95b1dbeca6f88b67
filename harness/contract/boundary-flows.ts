import { FAMILIES, type Family } from "../model/address.ts";
import type { Flow, FlowSpec, Manner } from "../model/flow.ts";
import { resolveFlow } from "../model/flow-resolution.ts";
import { renderFlowText } from "../model/flow-spec.ts";
import { MAX_PORT } from "../model/pod.ts";
import {
  APP_PORT,
  type BoundaryNames,
  byEach,
  byIds,
  byName,
  byNeighbours,
  dialIn,
  namesOf,
} from "./boundary-names.ts";
import { firstIds, idBoundaries } from "./boundary-values.ts";
import { datagramFlows } from "./datagram-flows.ts";
import type { Demands } from "./demanded-landing.ts";
import { echoFlows } from "./echo-flows.ts";
import { forwardedFlows } from "./forwarded-flows.ts";
import { insideFlows } from "./inside-flows.ts";
import { joinedFlows } from "./joined-flows.ts";
import { originalSourceFlows } from "./original-source-flows.ts";
import { passThroughFlows } from "./pass-through-flows.ts";

/**
 * One flow that shows whether rules keep to a contract, and the manner in which the proxy treats it, `answer` or `forward`.
 */
export interface BoundaryFlow {
  readonly flow: Flow;
  readonly manner: Manner;
}

/**
 * Gives the flows that show whether rules do what a contract demands: at every value at which a demand may change, from every kind of
 * actor, in each family and by each protocol that the contract speaks of; first all in the manner *answer*, then in the manner *forward*
 * one of each kind that reaches a proxy. The order is stable, and no flow comes twice.
 *
 * @example
 * boundaryFlows({ contract, shape, addresses: DEFAULT_ADDRESSES, peers: spec })
 *   .map(({ flow, manner }) => [renderFlowText(flow.spec), manner])
 * // current Istio: [["client -> pod:8080", "answer"], ["client -> pod:15007", "answer"], ["client -> pod:15008", "answer"], …]
 */
export function boundaryFlows(demands: Demands): readonly BoundaryFlow[] {
  const { protocols } = demands.contract;
  const ofFamily = (family: Family) => [
    ...(protocols.includes("tcp") ? familyFlows(family, demands) : []),
    ...(protocols.includes("udp") ? datagramFlows(family, demands) : []),
    ...(protocols.includes("icmp") ? echoFlows(family, demands) : []),
  ];
  const specs = new Map(FAMILIES.flatMap(ofFamily).map((spec) => [renderFlowText(spec), spec]));
  const flows = [...specs.values()].map((spec) => resolveFlow(spec, demands.addresses, demands.shape));
  return [
    ...flows.map((flow) => ({ flow, manner: "answer" as const })),
    ...forwardedFlows(flows, demands).map((flow) => ({ flow, manner: "forward" as const })),
  ];
}

/** A port in the middle of all: a rule that should hold for every port may hold for the lower half alone. */
const MIDDLE_PORT = 32768;

function familyFlows(family: Family, demands: Demands): readonly FlowSpec[] {
  const names = namesOf(family, demands);
  const links = demands.shape.links.length > 0 ? virtualMachineFlows(names) : [];
  if (names.captures === "nothing") return [...sampleFlows(names, demands), ...links.slice(0, 2)];
  return [
    ...inboundFlows(names),
    ...outboundFlows(names),
    ...ownerFlows(names, demands),
    ...ownAddressFlows(names),
    ...passThroughFlows(names, demands),
    ...insideFlows(names, demands),
    ...originalSourceFlows(names, demands),
    ...joinedFlows(names, demands),
    ...links,
  ];
}

/** From peers: every port at which a demand may change, and the listeners' own. */
function inboundFlows({ family, ports, named, peers: [captured, other] }: BoundaryNames): readonly FlowSpec[] {
  const dial = dialIn(family);
  return [
    ...ports.map((port) => dial(byName(captured), "pod", port)),
    ...[APP_PORT, MIDDLE_PORT, MAX_PORT, ...named.slice(-1)].map((port) => dial(byName(other), "pod", port)),
  ];
}

/** From the workload to elsewhere: every port and every address at which a demand may change. */
function outboundFlows(names: BoundaryNames): readonly FlowSpec[] {
  const { workload, port, ports, named, captured, elsewhere, untaken } = names;
  const dial = dialIn(names.family);
  const own = names.proxy ?? byName("root");
  return [
    ...[port, ...ports].map((dialled) => dial(workload, captured, dialled)),
    ...[port, ...named.slice(0, 2)].map((dialled) => dial(workload, "upstream", dialled)),
    // A peer's address may be the neighbour of a network that settings name.
    ...[workload, byName("root")].map((actor) => dial(actor, "client", port)),
    ...elsewhere.flatMap((address) => [workload, own].map((actor) => dial(actor, address, port))),
    ...elsewhere.flatMap((address) => named.map((dialled) => dial(workload, address, dialled))),
    ...untaken.flatMap((target) =>
      [1, port, MIDDLE_PORT, MAX_PORT, ...named].map((dialled) => dial(workload, target, dialled)),
    ),
    ...named.map((dialled) => dial(own, captured, dialled)),
  ];
}

/** Each owner alone and together, with its neighbours: uid and gid are asked for one without the other. */
function ownerFlows(
  { family, port, ports, named, stranger, captured, proxy }: BoundaryNames,
  { contract }: Demands,
): readonly FlowSpec[] {
  const { ids } = contract.splitPoints(family);
  const firsts = firstIds(ids);
  const dial = dialIn(family);
  const ofUid = (id: number) => byIds(id, stranger);
  const ofGid = (id: number) => byIds(stranger, id);
  const owners = byEach(idBoundaries(ids), stranger);
  const alone = byEach(firsts, stranger);
  const called = proxy === null ? [byName("root")] : [proxy, byName("root")];
  // What is demanded of an owner may hold for some ports alone, elsewhere as well as in the pod.
  const beside = [...called, ...idBoundaries(ids).flatMap((id) => [ofUid(id), ofGid(id)])];
  return [
    ...[...called, ...owners].map((actor) => dial(actor, captured, port)),
    ...[...called, ...alone].flatMap((actor) => ["localhost", "pod"].map((target) => dial(actor, target, APP_PORT))),
    ...idBoundaries(ids).map((id) => dial(ofUid(id), "pod", APP_PORT)),
    ...beside.flatMap((actor) =>
      named.flatMap((dialled) => [captured, "pod"].map((target) => dial(actor, target, dialled))),
    ),
    ...firsts.flatMap((id) => ports.map((dialled) => dial(ofUid(id), captured, dialled))),
    ...byNeighbours(ids).flatMap((actor) =>
      [APP_PORT, ...named].flatMap((dialled) => [captured, "pod"].map((target) => dial(actor, target, dialled))),
    ),
  ];
}

/** To the pod's own addresses from inside: loopback, the pod's address, the proxy's own ports, what is named elsewhere. */
function ownAddressFlows({ family, workload, openPort, proxy, own, named }: BoundaryNames): readonly FlowSpec[] {
  const dial = dialIn(family);
  const actors = proxy === null ? [workload] : [workload, proxy];
  const loopbacks = family === 4 ? ["127.0.0.2", "127.255.255.254"] : [];
  return [
    ...[APP_PORT, ...own].flatMap((port) =>
      actors.flatMap((actor) => ["localhost", "pod"].map((target) => dial(actor, target, port))),
    ),
    ...[openPort, 1, MAX_PORT, ...named].map((port) => dial(workload, "pod", port)),
    ...named.map((port) => dial(workload, "localhost", port)),
    ...loopbacks.flatMap((address) => [
      ...[APP_PORT, openPort, ...named].map((port) => dial(workload, address, port)),
      ...(proxy === null ? [] : [dial(proxy, address, openPort)]),
    ]),
    dial(byName("root"), "localhost", APP_PORT),
  ];
}

/** From virtual machines, to the pod and to everything elsewhere; and to them, from whoever in the pod is treated apart. */
function virtualMachineFlows({
  family,
  workload,
  proxy,
  port,
  own,
  named,
  elsewhere,
}: BoundaryNames): readonly FlowSpec[] {
  const dial = dialIn(family);
  const dialFromVm = (target: string, dialled: number) => dial(byName("vm"), target, dialled);
  return [
    dialFromVm("upstream", port),
    dialFromVm("pod", APP_PORT),
    ...[workload, proxy ?? byName("root")].map((actor) => dial(actor, "vm", port)),
    ...[...named, ...own].map((dialled) => dialFromVm("pod", dialled)),
    ...named.map((dialled) => dialFromVm("upstream", dialled)),
    ...elsewhere.flatMap((address) => [port, ...named.slice(0, 1)].map((dialled) => dialFromVm(address, dialled))),
    ...elsewhere.slice(0, 1).flatMap((address) => named.map((dialled) => dialFromVm(address, dialled))),
  ];
}

/** Of a family in which nothing is captured a few flows are enough; many of them may be silent, and silence takes time. */
function sampleFlows(
  { family, workload, stranger, port, own, proxy, named }: BoundaryNames,
  { contract }: Demands,
): readonly FlowSpec[] {
  const dial = dialIn(family);
  const owners = byEach(firstIds(contract.splitPoints(family).ids), stranger);
  const actors = [workload, proxy ?? byName("root")];
  return [
    dial(byName("client"), "pod", APP_PORT),
    ...own.slice(0, 1).map((dialled) => dial(byName("client"), "pod", dialled)),
    ...named.slice(-1).map((dialled) => dial(byName("upstream"), "pod", dialled)),
    ...[...actors, ...owners].map((actor) => dial(actor, "upstream", port)),
    ...actors.map((actor) => dial(actor, "localhost", APP_PORT)),
    dial(workload, "pod", APP_PORT),
  ];
}
