import { addressValue } from "../../model/address.ts";
import { APP_ID, loopbackAddress } from "../../model/pod.ts";
import { proxyIdentity, takenPorts } from "../../model/pod-shape.ts";
import type { Diagram } from "../diagrams/diagrams.ts";
import { TERMINAL } from "../diagrams/node-parts.ts";
import type { Axis } from "./axis.ts";
import { DIMENSION, FIRST_REST, type FlowSpace } from "./flow-space.ts";
import type { Lane } from "./lane.ts";
import type { AnalysisSetting } from "./partition.ts";
import type { FlowPoint, Witness } from "./witness.ts";

/** Where a terminal was found: for each dimension on the way the atoms of the branch taken. */
export type Path = ReadonlyMap<number, readonly [first: number, last: number]>;

/** Values a reader knows, to be taken for a class that holds them; by dimension, the best first. */
export interface Preferences extends Readonly<Record<Exclude<keyof typeof DIMENSION, "unknown">, readonly bigint[]>> {
  /** Ports that no socket is to be bound to where it may have another one, since somebody listens there. */
  readonly taken: readonly number[];
}

/** Ports that a reader knows; peers listen there, since flows are dialled there. */
const USUAL_PORTS = [8080, 80, 443, 9080, 22];

type PreferredName = Exclude<keyof Preferences, "taken">;

/** Gives the values that examples are made of. */
export function listPreferences({ family }: FlowSpace, { addresses, spec }: AnalysisSetting): Preferences {
  const proxy = proxyIdentity(spec.shape);
  const services = family === 4 ? ["10.96.0.1", "192.0.2.1"] : ["fd00:96::1", "2001:db8::1"];
  // Next to the networks of a sandbox's links, which only the hosts themselves can dial from or be dialled at.
  const beyond = family === 4 ? ["10.246.0.1"] : ["fd00:244:1::1", "fd00:246::1"];
  const [through, local] = [spec.shape.passThrough[family] ?? loopbackAddress(family), loopbackAddress(family)];
  // Not every kernel lets a socket use the first address of 127.0.0.0/8 (before Linux 5.14), and none its last.
  const second = family === 4 ? ["127.0.0.2"] : [];
  const known = [
    addresses.upstream[family],
    ...services,
    addresses.pod[family],
    local,
    through,
    addresses.client[family],
    ...second,
    ...beyond,
  ];
  return {
    uid: [APP_ID, proxy.uid, 0].map(BigInt),
    gid: [APP_ID, proxy.gid, 0].map(BigInt),
    source: [addresses.client[family], through, local, ...services, ...second, ...beyond].map(addressValue),
    destination: known.map(addressValue),
    port: USUAL_PORTS.map(BigInt),
    taken: [...takenPorts(spec.shape), ...spec.listen, ...spec.upstreamPorts, ...spec.clientPorts, ...USUAL_PORTS],
  };
}

/** Gives one path to each terminal, by way of preferred values where there is a choice. Each node is looked at once. */
export function findPaths(root: Diagram, space: FlowSpace, prefer: Preferences): ReadonlyMap<Diagram, Path> {
  const { diagrams } = space;
  const names = Object.keys(DIMENSION) as (keyof typeof DIMENSION)[];
  const cameFrom = new Map<Diagram, { readonly parent: Diagram; readonly branch: number }>();
  const terminals: Diagram[] = [];
  const seen = new Set([root]);
  const stack = [root];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const variable = diagrams.variableOf(at);
    if (variable >= FIRST_REST) {
      terminals.push(at);
      continue;
    }
    const name = names.find((candidate) => DIMENSION[candidate] === variable) ?? "unknown";
    const fresh: Diagram[] = [];
    for (const branch of rankBranches(diagrams.startsOf(at), toAtomsOf(name, space, prefer))) {
      const child = diagrams.childrenOf(at)[branch];
      if (child === undefined || seen.has(child)) continue;
      seen.add(child);
      cameFrom.set(child, { parent: at, branch });
      fresh.push(child);
    }
    for (const child of fresh.toReversed()) stack.push(child);
  }
  return new Map(terminals.map((terminal) => [terminal, tracePath(terminal, cameFrom, space)]));
}

/** Branches that hold a preferred value first, in the order of preference, then the others as they stand. */
function rankBranches(starts: readonly number[], preferred: readonly number[]): readonly number[] {
  const best = preferred.map((value) => starts.findLastIndex((start) => start <= value));
  return [...new Set([...best, ...starts.keys()])].filter((branch) => branch >= 0);
}

function tracePath(
  terminal: Diagram,
  cameFrom: ReadonlyMap<Diagram, { readonly parent: Diagram; readonly branch: number }>,
  { diagrams }: FlowSpace,
): Path {
  const path = new Map<number, readonly [number, number]>();
  for (let step = cameFrom.get(terminal); step; step = cameFrom.get(step.parent)) {
    const starts = diagrams.startsOf(step.parent);
    const last = (starts[step.branch + 1] ?? TERMINAL) - 1;
    path.set(diagrams.variableOf(step.parent), [starts[step.branch] ?? 0, last]);
  }
  return path;
}

function toAtomsOf(name: keyof typeof DIMENSION, space: FlowSpace, prefer: Preferences): readonly number[] {
  return name === "unknown" ? [0] : prefer[name].map((value) => axisOf(name, space).atomOf(value));
}

function axisOf(name: PreferredName, space: FlowSpace): Axis {
  if (name === "source" || name === "destination") return space.addresses;
  return name === "port" ? space.ports : space.ids;
}

/** Gives a point on a path, of preferred values where the path leaves a choice; an owner's gid goes with its uid where it may. */
export function choosePoint(path: Path, lane: Lane, space: FlowSpace, prefer: Preferences): FlowPoint {
  const pick = (name: PreferredName, first: readonly bigint[] = [], but: bigint | null = null): bigint => {
    const axis = axisOf(name, space);
    const [low, high] = path.get(DIMENSION[name]) ?? [0, axis.size - 1];
    const [lowest, highest] = [axis.boundsOf(low)[0], axis.boundsOf(Math.min(high, axis.size - 1))[1]];
    const fits = (value: bigint) => value >= lowest && value <= highest && value !== but;
    const next = lowest === but && lowest < highest ? lowest + 1n : lowest;
    return first.find(fits) ?? prefer[name].find(fits) ?? next;
  };
  const [uid, destination, port] = [pick("uid"), pick("destination"), pick("port")];
  // A socket that dials its own port at its own address is connected to itself.
  const taken = [...prefer.taken, Number(port)];
  const salt = Number((uid * 7n + destination * 13n + port) % 1009n);
  const sourcePort = lane.socket.ports === null ? null : chooseSourcePort(lane.socket.ports, taken, salt);
  const mate = prefer.gid[prefer.uid.indexOf(uid)] ?? uid;
  return {
    lane,
    uid: Number(uid),
    gid: Number(pick("gid", [mate])),
    source:
      lane.sources === "destination" ? null : pick("source", [], sourcePort === Number(port) ? destination : null),
    destination,
    port: Number(port),
    sourcePort,
  };
}

/**
 * Gives a port of a range that is not taken, where there is one. `salt` spreads the choice, so that flows which are driven together seldom
 * share a port, and its middle is where seldom anybody listens.
 */
function chooseSourcePort([first, last]: readonly [number, number], taken: readonly number[], salt: number): number {
  const size = last - first + 1;
  const start = Math.floor(size / 2) + (salt % size);
  for (let step = 0; step < size; step++) {
    const port = first + ((start + step) % size);
    if (!taken.includes(port)) return port;
  }
  return first;
}

/** Gives what a path assumes of matches that are not understood, by their text. */
export function readAssumptions(path: Path, space: FlowSpace): Witness["assumed"] {
  const unknown = [...path].filter(([variable]) => variable >= DIMENSION.unknown && variable < FIRST_REST);
  return new Map(
    unknown.map(([variable, [first]]) => [space.unknownText(variable), first === 1 ? "holds" : "fails"] as const),
  );
}
