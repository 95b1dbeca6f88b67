import { FAMILIES, type Family, renderEndpoint } from "../model/address.ts";
import type { Demand } from "../model/contract.ts";
import type { Flow, Manner } from "../model/flow.ts";
import { parseFlowText, resolveFlow } from "../model/flow-text.ts";
import { APP_ID, APP_PORTS, MAX_PORT } from "../model/pod.ts";
import { addressBoundaries, idBoundaries, portBoundaries } from "./boundary-values.ts";
import { type Demands, isPodsOwn, openConnection } from "./demanded-landing.ts";

/** One flow that tells something about rules under a contract, and the manner of the proxy in which to drive it. */
export interface BoundaryFlow {
  readonly flow: Flow;
  readonly manner: Manner;
}

/** Ports that stand for every ordinary one of the app and of peers. */
const APP_PORT = 8080;
const PEER_PORTS = [80, 443, 7000, 9000, 10000];
/** Ids that stand for a workload whose traffic is the proxy's business. */
const WORKLOAD_IDS = [APP_ID, 2000, 3000, 4000, 5000];
/** Addresses far apart that stand for everything elsewhere. */
const FAR: Readonly<Record<Family, readonly string[]>> = {
  4: ["1.0.0.0", "10.96.0.1", "223.255.255.255"],
  6: ["2000::", "2001:db8::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
};

/** What the flows of one family are written with. */
interface Names {
  readonly family: Family;
  /** `""` or `"6"`, behind the names of hosts. */
  readonly suffix: "" | "6";
  /** The proxy as an actor; null where there is none. */
  readonly proxy: string | null;
  /** An id that is left alone neither as uid nor as gid, and an actor in the pod that has it. */
  readonly stranger: number;
  readonly workload: string;
  /** A port at which the workload's calls elsewhere are captured, if there is any. */
  readonly port: number;
  /** A port of the pod at which calls from peers are not captured, if there is any. */
  readonly openPort: number;
  /** A target elsewhere that the workload's calls to are captured, if there is any, else upstream. */
  readonly captured: string;
  /** Every address elsewhere that is worth dialling. */
  readonly elsewhere: readonly string[];
  /** Every port at which a demand may change, and the listeners' own. */
  readonly ports: readonly number[];
  /** The first port of each range that the contract names, and ports of proxies. */
  readonly named: readonly number[];
  readonly own: readonly number[];
  /** Whether any flow of the family must go to a proxy. */
  readonly captures: "something" | "nothing";
}

/**
 * Gives the flows that show whether rules do what a contract demands: at every value at which a demand may change, from every kind of
 * actor, in each family; first all in the manner *answer*, then in the manner *forward* one of each kind that reaches a proxy.
 * The order is stable, and no flow comes twice.
 */
export function boundaryFlows(demands: Demands): readonly BoundaryFlow[] {
  const texts = [...new Set(FAMILIES.flatMap((family) => familyFlows(family, demands)))];
  const flows = texts.map((text) => readFlow(text, demands));
  return [...flows.map((flow) => ({ flow, manner: "answer" as const })), ...forwardedFlows(flows, demands)];
}

function readFlow(text: string, { addresses, shape }: Demands): Flow {
  const parsed = parseFlowText(text);
  if (!parsed.ok) throw new RangeError(`"${text}" is not a flow: ${parsed.findings[0]?.message}`);
  return resolveFlow(parsed.value, addresses, shape.proxies[0]?.runsAs ?? { uid: 0, gid: 0 });
}

function demandOf(text: string, demands: Demands): Demand {
  return demands.contract.demand(openConnection(readFlow(text, demands)));
}

function isTaken(text: string, demands: Demands): boolean {
  return demandOf(text, demands).must === "land-on";
}

function namesOf(family: Family, demands: Demands): Names {
  const { contract, shape, addresses } = demands;
  const suffix = family === 6 ? "6" : "";
  const points = contract.splitPoints(family);
  const elsewhere = [...FAR[family], ...addressBoundaries(points.addresses, family, addresses)];
  const targets = [`upstream${suffix}`, ...elsewhere.map(bracket)];
  const dials = (id: number, target: string, port: number) => `${nameWorkload(id)} -> ${target}:${port}`;
  const isOpen = (dialled: number) => !isTaken(`client${suffix} -> pod${suffix}:${dialled}`, demands);
  // A port that is captured inbound as well could be taken for that reason.
  const peerPorts = [...PEER_PORTS.filter(isOpen), ...PEER_PORTS.filter((port) => !isOpen(port))];
  const taken = WORKLOAD_IDS.flatMap((id) =>
    targets.flatMap((target) => peerPorts.map((port) => ({ id, target, port }))),
  ).find(({ id, target, port }) => isTaken(dials(id, target, port), demands));
  const { id: stranger, target: captured, port } = taken ?? { id: APP_ID, target: `upstream${suffix}`, port: 80 };
  const listening = shape.listeners.filter(({ host }) => host === "pod").map((listener) => listener.port);
  const own = shape.listeners.filter(({ host, dials: next }) => host === "pod" && next.kind !== "nothing");
  const firsts = points.ports.map(([first]) => Number(first));
  const openPort = [...APP_PORTS, 7000, 9000, ...firsts].find(isOpen) ?? APP_PORTS[0] ?? APP_PORT;
  const isInboundTaken = [APP_PORT, ...firsts].some((dialled) => !isOpen(dialled));
  return {
    family,
    suffix,
    proxy: shape.proxies.length > 0 ? "envoy" : null,
    stranger,
    workload: nameWorkload(stranger),
    port,
    openPort,
    captured,
    elsewhere,
    ports: [...new Set([APP_PORT, ...portBoundaries(points.ports), ...listening, 1, MAX_PORT])],
    named: [...new Set(firsts)],
    own: own.map((listener) => listener.port),
    captures: taken || isInboundTaken ? "something" : "nothing",
  };
}

function nameWorkload(id: number): string {
  return id === APP_ID ? "app" : `uid=${id},gid=${id}`;
}

function bracket(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function familyFlows(family: Family, demands: Demands): readonly string[] {
  const names = namesOf(family, demands);
  const links = demands.shape.links.length > 0 ? virtualMachineFlows(names) : [];
  if (names.captures === "nothing") return [...sampleFlows(names), ...links.slice(0, 2)];
  return [
    ...inboundFlows(names),
    ...outboundFlows(names),
    ...ownerFlows(names, demands),
    ...ownAddressFlows(names),
    ...passThroughFlows(names, demands),
    ...links,
  ];
}

/** From peers: every port at which a demand may change, and the listeners' own. */
function inboundFlows({ suffix, ports, named }: Names): readonly string[] {
  return [
    ...ports.map((port) => `client${suffix} -> pod${suffix}:${port}`),
    ...[APP_PORT, ...named.slice(-1)].map((port) => `upstream${suffix} -> pod${suffix}:${port}`),
  ];
}

/** From the workload to elsewhere: every port and every address at which a demand may change. */
function outboundFlows({ suffix, workload, port, ports, named, captured, elsewhere, proxy }: Names): readonly string[] {
  const own = proxy ?? "root";
  return [
    ...[port, ...ports].map((dialled) => `${workload} -> ${captured}:${dialled}`),
    ...[port, ...named.slice(0, 2)].map((dialled) => `${workload} -> upstream${suffix}:${dialled}`),
    ...elsewhere.flatMap((address) => [workload, own].map((actor) => `${actor} -> ${renderEndpoint(address, port)}`)),
    ...elsewhere.flatMap((address) =>
      named.slice(0, 1).map((dialled) => `${workload} -> ${renderEndpoint(address, dialled)}`),
    ),
    ...named.map((dialled) => `${own} -> ${captured}:${dialled}`),
  ];
}

/** Each owner alone and together, with its neighbours: uid and gid are asked for one without the other. */
function ownerFlows(
  { family, suffix, port, stranger, captured, proxy }: Names,
  { contract }: Demands,
): readonly string[] {
  const { ids } = contract.splitPoints(family);
  const firsts = [...new Set(ids.map(([first]) => Number(first)))];
  const owners = idBoundaries(ids).flatMap((id) => [`uid=${id},gid=${stranger}`, `uid=${stranger},gid=${id}`]);
  const alone = firsts.flatMap((id) => [`uid=${id},gid=${stranger}`, `uid=${stranger},gid=${id}`]);
  const named = proxy === null ? ["root"] : [proxy, "root"];
  return [
    ...[...named, ...owners].map((actor) => `${actor} -> ${captured}:${port}`),
    ...[...named, ...alone].flatMap((actor) => [
      `${actor} -> localhost${suffix}:${APP_PORT}`,
      `${actor} -> pod${suffix}:${APP_PORT}`,
    ]),
  ];
}

/** To the pod's own addresses from inside: loopback, the pod's address, the proxy's own ports, what is named elsewhere. */
function ownAddressFlows({ suffix, family, workload, openPort, proxy, own, named }: Names): readonly string[] {
  const actors = proxy === null ? [workload] : [workload, proxy];
  const loopbacks = family === 4 ? ["127.0.0.2", "127.255.255.254"] : [];
  return [
    ...[APP_PORT, ...own].flatMap((port) =>
      actors.flatMap((actor) => ["localhost", "pod"].map((target) => `${actor} -> ${target}${suffix}:${port}`)),
    ),
    ...[openPort, 1, MAX_PORT, ...named].map((port) => `${workload} -> pod${suffix}:${port}`),
    ...loopbacks.flatMap((address) => [
      ...[APP_PORT, openPort].map((port) => `${workload} -> ${address}:${port}`),
      ...(proxy === null ? [] : [`${proxy} -> ${address}:${openPort}`]),
    ]),
    `root -> localhost${suffix}:${APP_PORT}`,
  ];
}

/** To and from the pass-through's address and its neighbours. On IPv6 lo has no other address than ::1 beside it. */
function passThroughFlows(names: Names, { shape }: Demands): readonly string[] {
  const { family, suffix, workload, openPort, proxy, named, port, captured } = names;
  const through = shape.passThrough[family];
  if (through === null || proxy === null) return [];
  const neighbours = family === 4 ? [...neighboursOf(through), "127.0.0.1"] : ["::1"];
  const caller = family === 4 ? workload : `${workload}@[::1]`;
  const at = (address: string) => bracket(address);
  return [
    ...[APP_PORT, openPort].map((dialled) => `${caller} -> ${renderEndpoint(through, dialled)}`),
    `${family === 4 ? proxy : `${proxy}@[::1]`} -> ${renderEndpoint(through, openPort)}`,
    ...[proxy, workload, "root"].map((actor) => `${actor}@${at(through)} -> pod${suffix}:${APP_PORT}`),
    `${proxy}@${at(through)} -> pod${suffix}:1`,
    // IPv4 lets no socket with a loopback address connect to elsewhere.
    ...(family === 6 && captured !== "" ? [`${workload}@${at(through)} -> ${captured}:${port}`] : []),
    ...[openPort, APP_PORT].map((dialled) => `${proxy}@${at(through)} -> localhost${suffix}:${dialled}`),
    ...(family === 4 ? [APP_PORT, ...named.slice(0, 1)] : []).map(
      (dialled) => `${proxy}@${at(through)} -> 127.0.0.2:${dialled}`,
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
function virtualMachineFlows({ suffix, port, own, named, elsewhere }: Names): readonly string[] {
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
function sampleFlows({ suffix, workload, port, own, proxy, named }: Names): readonly string[] {
  const actors = proxy === null ? [workload, "root"] : [workload, proxy];
  return [
    `client${suffix} -> pod${suffix}:${APP_PORT}`,
    ...own.slice(0, 1).map((dialled) => `client${suffix} -> pod${suffix}:${dialled}`),
    ...named.slice(-1).map((dialled) => `upstream${suffix} -> pod${suffix}:${dialled}`),
    ...actors.map((actor) => `${actor} -> upstream${suffix}:${port}`),
    ...actors.map((actor) => `${actor} -> localhost${suffix}:${APP_PORT}`),
    `${workload} -> pod${suffix}:${APP_PORT}`,
  ];
}

/** Gives, in the manner *forward*, the first flow of each kind that reaches a proxy: by where it started, what took it, what it wanted. */
function forwardedFlows(flows: readonly Flow[], demands: Demands): readonly BoundaryFlow[] {
  const proxies = demands.shape.listeners.filter(({ host, dials }) => host === "pod" && dials.kind !== "nothing");
  const kinds = new Map<string, Flow>();
  for (const flow of flows) {
    const connection = openConnection(flow);
    const demand = demands.contract.demand(connection);
    const isOwn = proxies.some(({ port }) => port === flow.to.port);
    if (demand.must !== "land-on" && !(demand.must === "as-dialled" && isOwn)) continue;
    const taken = demand.must === "land-on" ? `${demand.by} ${demand.listener}` : "directly";
    const wanted = isPodsOwn(flow.to.address, demands) ? (isOwn ? "proxy" : "pod") : "elsewhere";
    const kind = `${flow.family} ${connection.startedOn} ${taken} ${wanted}`;
    if (!kinds.has(kind)) kinds.set(kind, flow);
  }
  return [...kinds.values()].map((flow) => ({ flow, manner: "forward" }));
}
