import { addressValue, type Family } from "../model/address.ts";
import {
  APP_PORTS,
  loopbackAddress,
  MAX_PORT,
  PASS_THROUGH_ADDRESS,
  type PodSpec,
  type SandboxAddresses,
  STATUS_PORT,
  vmGateway,
  vmLinks,
} from "../model/pod.ts";
import { listRules, type Ruleset } from "../model/ruleset.ts";
import { toAtoms, type ValueRanges } from "./axis.ts";
import { makeCube } from "./chain-diagram.ts";
import type { Diagram, Memo } from "./diagrams.ts";
import { findDomain } from "./flow-domain.ts";
import { type Cuts, DIMENSION, FIRST_REST, type FlowSpace, openFlowSpace } from "./flow-space.ts";
import { uniteIntervals } from "./intervals.ts";
import { type Lane, listLanes } from "./lanes.ts";
import { type EndBinding, findRewrites, type Rewrites } from "./packet-views.ts";
import { prepareRuleset } from "./prepared-rules.ts";
import { openJoiner, signRulesets } from "./signature.ts";

/** What an analysis looks at beside the rules. */
export interface AnalysisSetting {
  readonly spec: PodSpec;
  readonly addresses: SandboxAddresses;
  /** Values at which flows are to be told apart beyond what the rules do, such as those a property names. */
  readonly cuts?: Cuts;
  /** Whether `::6` is one of the pod's addresses. */
  readonly passThrough: "there" | "absent";
  /** Diagram nodes that may be made. */
  readonly budget?: number;
}

/** The flows of one family, told apart by what some rule sets do with them. */
export interface Partition {
  readonly space: FlowSpace;
  readonly lanes: readonly Lane[];
  /** What some rule makes of a flow's ends. */
  readonly rewrites: Rewrites;
  /** One diagram a rule set: equal terminals, equal treatment, within one rule set and between two. */
  readonly signatures: readonly Diagram[];
  /** Diagrams that tell flows apart by what is no rule's doing: which host has an address, who listens at a port, the cuts asked for. */
  readonly ground: readonly Diagram[];
  /** Combines diagrams into one whose terminals stand for tuples. */
  readonly join: (first: Diagram, second: Diagram) => Diagram;
  /** Cuts a diagram to a lane: flows of other lanes come to {@link Partition.outside}. */
  readonly restrict: (diagram: Diagram, lane: Lane) => Diagram;
  readonly outside: Diagram;
}

const NO_CUTS: Cuts = { addresses: [], ports: [], ids: [] };

/** Tells the flows of a family apart by what some rule sets do with them; throws `budget-exceeded` rather than give a part. */
export function partitionFlows(family: Family, rulesets: readonly Ruleset[], setting: AnalysisSetting): Partition {
  const { addresses, spec, cuts = NO_CUTS } = setting;
  const links = findLinks(rulesets, spec);
  const gateways = links.length === 0 ? [] : [vmGateway(0)[family]];
  const rewrites = findRewrites(rulesets, { family, addresses, spec, gateways });
  const lanes = listLanes(family, { addresses, links, passThrough: setting.passThrough });
  const marks = groundValues(family, rewrites, setting, gateways);
  const all: Cuts = {
    addresses: [
      ...marks.destinations,
      ...marks.sources,
      ...cuts.addresses,
      ...lanes.flatMap(({ sources, destinations }) => [...(sources === "destination" ? [] : sources), ...destinations]),
    ],
    ports: [...marks.ports, ...cuts.ports, [1n, BigInt(MAX_PORT)]],
    ids: cuts.ids,
  };
  const space = openFlowSpace(family, rulesets, all, setting.budget);
  const join = openJoiner(space);
  const signatures = signRulesets(
    rulesets.map((ruleset) => prepareRuleset(ruleset, space)),
    rewrites,
    space,
  );
  const ground = makeGround(space, marks, cuts);
  return { space, lanes, rewrites, signatures, ground, join, ...openRestriction(space) };
}

/** Interfaces that rules or the sandbox set apart from the pod's own: something stands behind each. */
function findLinks(rulesets: readonly Ruleset[], spec: PodSpec): readonly string[] {
  const named = rulesets
    .flatMap(listRules)
    .flatMap(({ matches }) => matches)
    .flatMap((match) => (match.kind === "in-interface" && !match.name.endsWith("+") ? [match.name] : []));
  return [...new Set(vmLinks({ kubevirtInterfaces: [...spec.kubevirtInterfaces, ...named] }))];
}

/** Single values at which the simulated pod itself, not a rule, may act in another way. */
interface GroundValues {
  readonly destinations: ValueRanges;
  readonly sources: ValueRanges;
  readonly ports: ValueRanges;
}

function groundValues(
  family: Family,
  rewrites: Rewrites,
  { addresses, spec }: AnalysisSetting,
  gateways: readonly string[],
): GroundValues {
  const hosts = Object.values(addresses).map((host) => host[family]);
  const named = [...hosts, ...gateways, PASS_THROUGH_ADDRESS[family], loopbackAddress(family)];
  const own = named.map(addressValue);
  const fixed = (ends: readonly EndBinding[]) =>
    ends.map(({ address }) => address).filter((address) => typeof address === "bigint");
  const listening = [spec.proxyPort, spec.inboundCapturePort, STATUS_PORT, ...APP_PORTS, ...spec.listen];
  const rewritten = rewrites.destinations.map(({ port }) => port).filter((port) => typeof port === "number");
  return {
    destinations: singles([...own, ...fixed(rewrites.destinations)]),
    sources: singles([...own, ...fixed(rewrites.sources)]),
    ports: [...singles([...listening, ...rewritten].map(BigInt)), ...rewrites.portRanges],
  };
}

function singles(values: readonly bigint[]): ValueRanges {
  return [...new Set(values)].map((value) => [value, value] as const);
}

/** One diagram a dimension: together they would be as many as all their values multiplied. */
function makeGround(space: FlowSpace, values: GroundValues, cuts: Cuts): readonly Diagram[] {
  return [
    cutVariable(space, DIMENSION.destination, [...values.destinations, ...cuts.addresses], "addresses"),
    cutVariable(space, DIMENSION.source, [...values.sources, ...cuts.addresses], "addresses"),
    cutVariable(space, DIMENSION.port, [...values.ports, ...cuts.ports], "ports"),
    cutVariable(space, DIMENSION.uid, cuts.ids, "ids"),
    cutVariable(space, DIMENSION.gid, cuts.ids, "ids"),
  ];
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

function openRestriction(space: FlowSpace): Pick<Partition, "restrict" | "outside"> {
  const { diagrams } = space;
  const [inside, outside] = [diagrams.terminal("inside"), diagrams.terminal("outside")];
  const memo: Memo = new Map();
  const leaveOut = ({ sources, destinations }: Lane["without"][number], from: Diagram): Diagram => {
    const clauses = [
      [DIMENSION.source, uniteIntervals(toAtoms(space.addresses, sources))],
      [DIMENSION.destination, uniteIntervals(toAtoms(space.addresses, destinations))],
    ] as const;
    const hole = makeCube(space, clauses, outside, inside);
    return diagrams.combine(hole, from, (where, what) => (where === inside ? what : outside), new Map(), FIRST_REST);
  };
  const restrict = (diagram: Diagram, lane: Lane): Diagram => {
    const whole = makeCube(space, [...findDomain(space, lane)], inside, outside);
    const domain = lane.without.reduce((rest, hole) => leaveOut(hole, rest), whole);
    return diagrams.combine(domain, diagram, (where, what) => (where === inside ? what : outside), memo, FIRST_REST);
  };
  return { restrict, outside };
}
