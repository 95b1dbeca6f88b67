import { addressValue, type Family, familyOf } from "../../model/address.ts";
import { APP_PORTS, loopbackAddress, PASS_THROUGH_IPV6, type PodSpec, type SandboxAddresses } from "../../model/pod.ts";
import { takenPorts } from "../../model/pod-shape.ts";
import type { SplitPoints } from "../../model/split-points.ts";
import type { ValueRanges } from "../../model/value-ranges.ts";
import type { Diagram } from "../diagrams/diagrams.ts";
import type { EndBinding, Rewrites } from "../diagrams/packet-views.ts";
import { openPairs } from "../diagrams/pairs.ts";
import { toAtoms } from "../flows/axis.ts";
import { DIMENSION, FIRST_REST, type FlowSpace } from "../flows/flow-space.ts";

/** Single values at which the simulated pod itself, not a rule, may act in another way. */
export interface GroundValues {
  readonly destinations: ValueRanges;
  /** Single addresses to which rules translate what is dialled: each matters only to flows that may be translated to it. */
  readonly sentTo: readonly bigint[];
  readonly sources: ValueRanges;
  readonly ports: ValueRanges;
}

/** Gives the values at which a sandbox and its NAT tell flows apart. */
export function groundValues(
  family: Family,
  rewrites: Rewrites,
  { addresses, spec }: { readonly addresses: SandboxAddresses; readonly spec: PodSpec },
  gateways: readonly string[],
): GroundValues {
  const hosts = Object.values(addresses).map((host) => host[family]);
  const { passThrough, listeners, hosts: further } = spec.shape;
  const through = passThrough[family] ?? (family === 6 ? PASS_THROUGH_IPV6 : loopbackAddress(4));
  const bound = listeners.flatMap(({ address }) => (address !== null && familyOf(address) === family ? [address] : []));
  const beside = Object.values(further).map((host) => host[family]);
  const named = [...hosts, ...gateways, ...bound, ...beside, through, loopbackAddress(family)];
  const own = named.map(addressValue);
  const fixed = (ends: readonly EndBinding[]) =>
    ends.map(({ address }) => address).filter((address) => typeof address === "bigint");
  const chosen = (ends: readonly EndBinding[]): ValueRanges =>
    ends.flatMap(({ address }) => (typeof address === "object" ? [[address.first, address.last] as const] : []));
  const remote = listeners.map(({ port }) => port);
  const listening = [...takenPorts(spec.shape), ...remote, ...APP_PORTS, ...spec.listen];
  const rewritten = rewrites.destinations.map(({ port }) => port).filter((port) => typeof port === "number");
  return {
    destinations: [...singles(own), ...chosen(rewrites.destinations)],
    sentTo: [...new Set(fixed(rewrites.destinations))],
    sources: [...singles([...own, ...fixed(rewrites.sources)]), ...chosen(rewrites.sources)],
    ports: [...singles([...listening, ...rewritten].map(BigInt)), ...rewrites.portRanges],
  };
}

function singles(values: readonly bigint[]): ValueRanges {
  return [...new Set(values)].map((value) => [value, value] as const);
}

/** Gives one diagram a dimension: together they would be as many as all their values multiplied. */
export function makeGround(space: FlowSpace, values: GroundValues, cuts: SplitPoints): readonly Diagram[] {
  const all = [
    cutVariable(space, DIMENSION.destination, [...values.destinations, ...cuts.addresses], "addresses"),
    cutVariable(space, DIMENSION.source, [...values.sources, ...cuts.addresses], "addresses"),
    cutVariable(space, DIMENSION.port, [...values.ports, ...cuts.ports], "ports"),
    cutVariable(space, DIMENSION.uid, cuts.ids, "ids"),
    cutVariable(space, DIMENSION.gid, cuts.ids, "ids"),
  ];
  // One without cuts tells nothing apart.
  return all.filter((part) => space.diagrams.variableOf(part) < FIRST_REST);
}

/**
 * Gives a function that tells the flows of a signature further apart: by whether they dial the very address to which some rule may
 * translate them. It shows no translation then, and to all others, whom no rule sends there, that address is one like any other.
 * `listSent` gives where the flows of a terminal may be sent.
 */
export function openSentGround(
  space: FlowSpace,
  { sentTo }: GroundValues,
  listSent: (terminal: Diagram) => ReadonlySet<bigint>,
): (signature: Diagram) => Diagram {
  const { diagrams, addresses } = space;
  const values = sentTo.toSorted((a, b) => (a < b ? -1 : 1));
  const dialled = new Map(values.map((value) => [diagrams.terminal(`dials ${value}`), value]));
  const elsewhere = diagrams.terminal("dials another");
  const starts = new Map([[0, elsewhere]]);
  for (const [terminal, value] of dialled) {
    const atom = addresses.atomOf(value);
    starts.set(atom, terminal);
    if (atom + 1 < addresses.size && !starts.has(atom + 1)) starts.set(atom + 1, elsewhere);
  }
  const where = diagrams.node(DIMENSION.destination, [...starts.keys()], [...starts.values()]);
  const memo = openPairs();
  const tell = (treated: Diagram, at: Diagram): Diagram => {
    const value = dialled.get(at);
    return value !== undefined && listSent(treated).has(value) ? diagrams.terminal(`${treated} dials ${at}`) : treated;
  };
  return (signature) =>
    diagrams.combine(signature, where, tell, memo, {
      limit: FIRST_REST,
      shortcut: (treated, at) => (at === elsewhere ? treated : undefined),
    });
}

/** Gives a diagram that tells apart which of some ranges hold a value. */
function cutVariable(
  { diagrams, ...space }: FlowSpace,
  variable: number,
  ranges: ValueRanges,
  axis: "addresses" | "ports" | "ids",
): Diagram {
  const turns = new Map<number, { readonly opens: number[]; readonly closes: number[] }>();
  const turnAt = (atom: number) =>
    turns.get(atom) ?? (turns.set(atom, { opens: [], closes: [] }).get(atom) as { opens: number[]; closes: number[] });
  turnAt(0);
  for (const [i, [first, last]] of toAtoms(space[axis], ranges).entries()) {
    turnAt(first).opens.push(i);
    if (last + 1 < space[axis].size) turnAt(last + 1).closes.push(i);
  }
  const starts = [...turns.keys()].sort((a, b) => a - b);
  const open = new Set<number>();
  const children = starts.map((start) => {
    for (const i of turnAt(start).closes) open.delete(i);
    for (const i of turnAt(start).opens) open.add(i);
    return diagrams.terminal(`within ${[...open].sort((a, b) => a - b).join()}`);
  });
  return diagrams.node(variable, starts, children);
}
