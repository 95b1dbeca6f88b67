import { FAMILIES, type Family, renderEndpoint } from "../model/address.ts";
import type { Flow, Manner } from "../model/flow.ts";
import { MAX_PORT } from "../model/pod.ts";
import { APP_PORT, type BoundaryNames, bracket, isTaken, namesOf, readFlow } from "./boundary-names.ts";
import { idBoundaries } from "./boundary-values.ts";
import { datagramFlows } from "./datagram-flows.ts";
import type { Demands } from "./demanded-landing.ts";
import { forwardedFlows } from "./forwarded-flows.ts";
import { insideFlows } from "./inside-flows.ts";
import { joinedFlows } from "./joined-flows.ts";

/** One flow that tells something about rules under a contract, and the manner of the proxy in which to drive it. */
export interface BoundaryFlow {
  readonly flow: Flow;
  readonly manner: Manner;
}

/**
 * Gives the flows that show whether rules do what a contract demands: at every value at which a demand may change, from every kind of
 * actor, in each family and by each protocol that the contract speaks of; first all in the manner *answer*, then in the manner *forward*
 * one of each kind that reaches a proxy. The order is stable, and no flow comes twice.
 */
export function boundaryFlows(demands: Demands): readonly BoundaryFlow[] {
  const { protocols } = demands.contract;
  const ofFamily = (family: Family) => [
    ...(protocols.includes("tcp") ? familyFlows(family, demands) : []),
    ...(protocols.includes("udp") ? datagramFlows(family, demands) : []),
  ];
  const texts = [...new Set(FAMILIES.flatMap(ofFamily))];
  const flows = texts.map((text) => readFlow(text, demands));
  return [
    ...flows.map((flow) => ({ flow, manner: "answer" as const })),
    ...forwardedFlows(flows, demands).map((flow) => ({ flow, manner: "forward" as const })),
  ];
}

/** A port in the middle of all: a rule that should hold for every port may hold for the lower half alone. */
const MIDDLE_PORT = 32768;

function familyFlows(family: Family, demands: Demands): readonly string[] {
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
    ...joinedFlows(names, demands),
    ...links,
  ];
}

/** From peers: every port at which a demand may change, and the listeners' own. */
function inboundFlows({ suffix, ports, named, peers: [captured, other] }: BoundaryNames): readonly string[] {
  return [
    ...ports.map((port) => `${captured} -> pod${suffix}:${port}`),
    ...[APP_PORT, MIDDLE_PORT, MAX_PORT, ...named.slice(-1)].map((port) => `${other} -> pod${suffix}:${port}`),
  ];
}

/** From the workload to elsewhere: every port and every address at which a demand may change. */
function outboundFlows(names: BoundaryNames): readonly string[] {
  const { suffix, workload, port, ports, named, captured, elsewhere, untaken } = names;
  const own = names.proxy ?? "root";
  return [
    ...[port, ...ports].map((dialled) => `${workload} -> ${captured}:${dialled}`),
    ...[port, ...named.slice(0, 2)].map((dialled) => `${workload} -> upstream${suffix}:${dialled}`),
    ...elsewhere.flatMap((address) => [workload, own].map((actor) => `${actor} -> ${renderEndpoint(address, port)}`)),
    ...elsewhere.flatMap((address) => named.map((dialled) => `${workload} -> ${renderEndpoint(address, dialled)}`)),
    ...untaken.flatMap((target) =>
      [1, port, MIDDLE_PORT, MAX_PORT, ...named].map((dialled) => `${workload} -> ${target}:${dialled}`),
    ),
    ...named.map((dialled) => `${own} -> ${captured}:${dialled}`),
  ];
}

/** Each owner alone and together, with its neighbours: uid and gid are asked for one without the other. */
function ownerFlows(
  { family, suffix, port, ports, named, stranger, captured, proxy }: BoundaryNames,
  { contract }: Demands,
): readonly string[] {
  const { ids } = contract.splitPoints(family);
  const firsts = [...new Set(ids.map(([first]) => Number(first)))];
  const ofUid = (id: number) => `uid=${id},gid=${stranger}`;
  const ofGid = (id: number) => `uid=${stranger},gid=${id}`;
  const owners = idBoundaries(ids).flatMap((id) => [ofUid(id), ofGid(id)]);
  const alone = firsts.flatMap((id) => [ofUid(id), ofGid(id)]);
  const called = proxy === null ? ["root"] : [proxy, "root"];
  // What is demanded of an owner may hold for some ports alone, elsewhere as well as in the pod.
  const beside = [...called, ...idBoundaries(ids).map(ofUid), ...firsts.map(ofGid)];
  return [
    ...[...called, ...owners].map((actor) => `${actor} -> ${captured}:${port}`),
    ...[...called, ...alone].flatMap((actor) => [
      `${actor} -> localhost${suffix}:${APP_PORT}`,
      `${actor} -> pod${suffix}:${APP_PORT}`,
    ]),
    ...idBoundaries(ids).map((id) => `${ofUid(id)} -> pod${suffix}:${APP_PORT}`),
    ...beside.flatMap((actor) =>
      named.flatMap((dialled) => [`${actor} -> ${captured}:${dialled}`, `${actor} -> pod${suffix}:${dialled}`]),
    ),
    ...firsts.flatMap((id) => ports.map((dialled) => `${ofUid(id)} -> ${captured}:${dialled}`)),
  ];
}

/** To the pod's own addresses from inside: loopback, the pod's address, the proxy's own ports, what is named elsewhere. */
function ownAddressFlows({ suffix, family, workload, openPort, proxy, own, named }: BoundaryNames): readonly string[] {
  const actors = proxy === null ? [workload] : [workload, proxy];
  const loopbacks = family === 4 ? ["127.0.0.2", "127.255.255.254"] : [];
  return [
    ...[APP_PORT, ...own].flatMap((port) =>
      actors.flatMap((actor) => ["localhost", "pod"].map((target) => `${actor} -> ${target}${suffix}:${port}`)),
    ),
    ...[openPort, 1, MAX_PORT, ...named].map((port) => `${workload} -> pod${suffix}:${port}`),
    ...named.map((port) => `${workload} -> localhost${suffix}:${port}`),
    ...loopbacks.flatMap((address) => [
      ...[APP_PORT, openPort, ...named].map((port) => `${workload} -> ${address}:${port}`),
      ...(proxy === null ? [] : [`${proxy} -> ${address}:${openPort}`]),
    ]),
    `root -> localhost${suffix}:${APP_PORT}`,
  ];
}

/** To and from the pass-through's address and its neighbours. On IPv6 lo has no other address than ::1 beside it. */
function passThroughFlows(names: BoundaryNames, demands: Demands): readonly string[] {
  const { shape } = demands;
  const { family, suffix, workload, openPort, proxy, named, port, captured, plain } = names;
  const through = shape.passThrough[family];
  if (through === null || proxy === null) return [];
  const neighbours = family === 4 ? [...neighboursOf(through), "127.0.0.1"] : ["::1"];
  const caller = family === 4 ? workload : `${workload}@[::1]`;
  const at = (address: string) => bracket(address);
  // IPv4 lets no socket with a loopback address connect to elsewhere; over IPv6 nothing finds back to it unless it is captured.
  const away = `${workload}@${at(through)} -> ${captured}:${port}`;
  return [
    ...[APP_PORT, openPort].map((dialled) => `${caller} -> ${renderEndpoint(through, dialled)}`),
    `${family === 4 ? proxy : `${proxy}@[::1]`} -> ${renderEndpoint(through, openPort)}`,
    ...[proxy, workload, "root"].map((actor) => `${actor}@${at(through)} -> pod${suffix}:${APP_PORT}`),
    `${proxy}@${at(through)} -> pod${suffix}:1`,
    ...(family === 6 && isTaken(away, demands) ? [away] : []),
    ...[openPort, APP_PORT].map((dialled) => `${proxy}@${at(through)} -> localhost${suffix}:${dialled}`),
    ...(family === 4 ? [APP_PORT, ...named.slice(0, 1)] : []).map(
      (dialled) => `${proxy}@${at(through)} -> 127.0.0.2:${dialled}`,
    ),
    ...plain.flatMap((dialled) =>
      (family === 4 ? ["127.0.0.7"] : ["::1"]).map(
        (target) => `root@${at(through)} -> ${renderEndpoint(target, dialled)}`,
      ),
    ),
    ...neighbours.map((source) => `${proxy}@${at(source)} -> pod${suffix}:${APP_PORT}`),
    ...[through, ...neighbours].map((source) => `${workload}@${at(source)} -> pod${suffix}:${openPort}`),
    ...neighbours.map((source) => `${proxy}@${at(source)} -> pod${suffix}:${openPort}`),
  ];
}

/** The addresses before and behind one of IPv4. */
function neighboursOf(address: string): readonly string[] {
  const [, head = "", last = "0"] = /^(.*\.)(\d+)$/.exec(address) ?? [];
  return [Number(last) - 1, Number(last) + 1].map((byte) => `${head}${byte}`);
}

/** From virtual machines: to the pod, and to everything elsewhere. */
function virtualMachineFlows({ suffix, port, own, named, elsewhere }: BoundaryNames): readonly string[] {
  return [
    `vm${suffix} -> upstream${suffix}:${port}`,
    `vm${suffix} -> pod${suffix}:${APP_PORT}`,
    ...[...named, ...own].map((dialled) => `vm${suffix} -> pod${suffix}:${dialled}`),
    ...named.map((dialled) => `vm${suffix} -> upstream${suffix}:${dialled}`),
    ...elsewhere.flatMap((address) =>
      [port, ...named.slice(0, 1)].map((dialled) => `vm${suffix} -> ${renderEndpoint(address, dialled)}`),
    ),
    ...elsewhere
      .slice(0, 1)
      .flatMap((address) => named.map((dialled) => `vm${suffix} -> ${renderEndpoint(address, dialled)}`)),
  ];
}

/** Of a family in which nothing is captured a few flows are enough; many of them may be silent, and silence takes time. */
function sampleFlows(
  { family, suffix, workload, stranger, port, own, proxy, named }: BoundaryNames,
  { contract }: Demands,
): readonly string[] {
  const firsts = [...new Set(contract.splitPoints(family).ids.map(([first]) => Number(first)))];
  const owners = firsts.flatMap((id) => [`uid=${id},gid=${stranger}`, `uid=${stranger},gid=${id}`]);
  const actors = proxy === null ? [workload, "root"] : [workload, proxy];
  return [
    `client${suffix} -> pod${suffix}:${APP_PORT}`,
    ...own.slice(0, 1).map((dialled) => `client${suffix} -> pod${suffix}:${dialled}`),
    ...named.slice(-1).map((dialled) => `upstream${suffix} -> pod${suffix}:${dialled}`),
    ...[...actors, ...owners].map((actor) => `${actor} -> upstream${suffix}:${port}`),
    ...actors.map((actor) => `${actor} -> localhost${suffix}:${APP_PORT}`),
    `${workload} -> pod${suffix}:${APP_PORT}`,
  ];
}
