import { classifyDemands, type DemandClass } from "../../analysis/flows/demand-classes.ts";
import { findFurtherLinks } from "../../analysis/flows/further-links.ts";
import type { Lane } from "../../analysis/flows/lanes.ts";
import type { AnalysisSetting } from "../../analysis/flows/partition.ts";
import { nameFlow, type Witness } from "../../analysis/flows/witness.ts";
import { openDialledPorts } from "../../analysis/pod/wide-pod.ts";
import { findExpectation } from "../../contract/expectation.ts";
import { LandfallError } from "../../errors.ts";
import { addressValue, type Family } from "../../model/address.ts";
import type { Flow, FlowProtocol } from "../../model/flow.ts";
import { type SandboxAddresses, vmLinks, withLinks } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { holdsValue } from "../../model/value-ranges.ts";
import { makePodSpec } from "../pod-spec.ts";
import { type BoundFlow, type BoundScenario, demandEnd } from "../scenario/bound-scenario.ts";

/** Flows that may be driven for one scenario, unless another number is asked for. */
export const DEFAULT_MAX_FLOWS = 20_000;

const OUT_OF_BUDGET = "--max-flows was reached";

/** A class with the flow that stands for it; `why` it is not driven, or null. Of an `unspecified` one nothing is demanded. */
export interface PlannedClass {
  readonly flow: Flow;
  readonly why: string | null;
  readonly demand: "specified" | "unspecified";
}

/** What is to be driven so that every class of flows is. */
export interface ClassPlan {
  /** The scenario with the flows that its classes need beside its own. */
  readonly scenario: BoundScenario;
  /** The same rules in pods with another link, each with the flows that need it. */
  readonly further: readonly BoundScenario[];
  readonly classes: readonly PlannedClass[];
  /** The protocols of the classes' flows: those that the contract speaks of. */
  readonly protocols: readonly FlowProtocol[];
  readonly failure: string | null;
}

/** A pod in which flows are asked about: the scenario's own, or one with another link. */
interface PodInQuestion {
  readonly links: readonly string[];
  readonly concerns: (lane: Lane, family: Family) => boolean;
  /** Says which flows of those lanes are. */
  readonly isAsked: (flow: Flow) => boolean;
}

/**
 * Finds the classes of flows that some rules, a contract's demand and the sandbox's pod can tell apart, and plans to drive one flow of
 * each, as long as `maxFlows` allows it: the scenario's own flows first. Where an analysis takes too much, the plan says so.
 */
export function planClasses(
  bound: BoundScenario,
  rules: PodRules,
  addresses: SandboxAddresses,
  maxFlows: number,
): ClassPlan {
  const { protocols } = bound.capture.contractFor(addresses);
  const scenario = { ...bound, flows: keepFirst(bound.flows, maxFlows) };
  try {
    return { ...planWithin(scenario, rules, addresses, maxFlows - scenario.flows.length), protocols };
  } catch (error) {
    if (!(error instanceof LandfallError) || error.code !== "budget-exceeded") throw error;
    return { scenario, further: [], classes: [], protocols, failure: error.message };
  }
}

function planWithin(
  scenario: BoundScenario,
  rules: PodRules,
  addresses: SandboxAddresses,
  maxFlows: number,
): Omit<ClassPlan, "protocols"> {
  const known = scenario.flows.filter(({ manner }) => manner === "answer").map(({ flow }) => flow);
  const classes: PlannedClass[] = [];
  let room = maxFlows;
  const plan = (pod: PodInQuestion, own: readonly Flow[]): readonly Flow[] => {
    const found = findClasses(scenario, pod, rules, addresses, own);
    const flows: Flow[] = [];
    // A flow of the same words in another pod is another flow: its machine stands behind another link.
    const driven = new Set(own.map(({ flow }) => flow));
    // Where the flows do not reach for all, those go first that may show something wrong.
    for (const { witness, demanded } of found.toSorted(
      (one, other) => Number(other.isSuspect) - Number(one.isSuspect),
    )) {
      const flow = nameDrivable(witness, addresses, scenario.spec.shape);
      const isKnown = driven.has(flow.flow);
      if (demanded === null) classes.push({ flow, why: null, demand: "unspecified" });
      else classes.push({ flow, why: isKnown || room > 0 ? null : OUT_OF_BUDGET, demand: "specified" });
      if (demanded === null || isKnown || room === 0) continue;
      room--;
      flows.push(flow);
      driven.add(flow.flow);
    }
    return flows;
  };
  const [own, ...others] = listPods(scenario, rules, addresses).map((pod, i) => ({
    pod,
    flows: plan(pod, i === 0 ? known : []),
  }));
  const extended = own ? extend(scenario, own.pod, own.flows, rules, addresses) : scenario;
  const further = others
    .filter(({ flows }) => flows.length > 0)
    .map(({ pod, flows }) => extend({ ...scenario, flows: [] }, pod, flows, rules, addresses));
  return { scenario: extended, further, classes, failure: null };
}

function findClasses(
  { families, spec, capture }: BoundScenario,
  { links, concerns, isAsked }: PodInQuestion,
  rules: PodRules,
  addresses: SandboxAddresses,
  known: readonly Flow[],
): readonly DemandClass[] {
  const passThrough = rules.policyRouting.addresses.length > 0 ? "there" : "absent";
  const setting: AnalysisSetting = { spec: withLinks(spec, links), addresses, passThrough, links };
  const question = { rules, capture, setting, known };
  const all = families.flatMap((family) =>
    classifyDemands({ ...question, family, concerns: (lane) => concerns(lane, family) }),
  );
  return all.filter(({ witness: { flow } }) => isAsked(flow));
}

/**
 * Gives a witness as a flow that a sandbox can drive: what comes from outside, from an address that no host has, comes from upstream, which
 * is everybody's next hop and owns any address it is told to.
 *
 * @example
 * client@192.0.2.1 -> pod:80 becomes upstream@192.0.2.1 -> pod:80
 */
function nameDrivable({ flow, lane }: Witness, addresses: SandboxAddresses, shape: PodShape): Flow {
  const isStranger = lane.host === "client" && flow.from.address !== addresses.client[flow.family];
  return isStranger ? nameFlow({ ...flow, from: { ...flow.from, actor: "upstream" } }, addresses, shape) : flow;
}

/** Of too many flows those that the proxy forwards are kept first: they are few, and show whether what it dials comes back to it. */
function keepFirst(flows: readonly BoundFlow[], most: number): readonly BoundFlow[] {
  if (flows.length <= most) return flows;
  const forwarded = flows.filter(({ manner }) => manner === "forward").slice(0, most);
  const answered = flows.filter(({ manner }) => manner === "answer").slice(0, most - forwarded.length);
  const kept = new Set([...forwarded, ...answered]);
  return flows.filter((flow) => kept.has(flow));
}

/** The scenario's pod, then one for each link beyond its first: a machine is behind the first alone. */
function listPods({ spec }: BoundScenario, rules: PodRules, addresses: SandboxAddresses): readonly PodInQuestion[] {
  const [first, ...others] = vmLinks(spec);
  const behind = (link: string): Pick<PodInQuestion, "concerns" | "isAsked"> => ({
    concerns: ({ host, link: own, destinations }, family) =>
      host === "vm" ? own === link : host === "pod" && holdsValue(destinations, addressValue(addresses.vm[family])),
    isAsked: ({ from, to, family }) => from.actor === "vm" || to.address === addresses.vm[family],
  });
  const further = findFurtherLinks([rules.ip, rules.ip6], spec);
  return [
    {
      links: spec.shape.links,
      concerns: ({ link }) => link === null || link === first,
      isAsked: () => true,
    },
    ...others.map((link) => ({
      links: [link, ...spec.shape.links.filter((name) => name !== link)],
      ...behind(link),
    })),
    ...further.map((link) => ({
      links: [link],
      ...behind(link),
    })),
  ];
}

/** Adds flows to a scenario, and to its pod what they need. */
function extend(
  scenario: BoundScenario,
  { links }: PodInQuestion,
  flows: readonly Flow[],
  rules: PodRules,
  addresses: SandboxAddresses,
): BoundScenario {
  const { capture } = scenario;
  const all = [...scenario.flows.map(({ flow }) => flow), ...flows];
  const { listen } = openDialledPorts(scenario.spec, flows, addresses);
  // Whose the vm's address is depends on the links, so the pod must have them before its peers are prepared.
  const spec = makePodSpec({ shape: { ...capture.shape, links } }, all, listen, addresses, [rules]);
  const added = flows.map((flow): Omit<BoundFlow, "expected"> => ({ flow, manner: "answer", chosenFor: "class" }));
  const bound = [...scenario.flows, ...added].flatMap(({ forwarded: _, ...each }): readonly BoundFlow[] => {
    const expected = findExpectation(capture, each.flow, each.manner, addresses, spec);
    if (expected === null) return [];
    const demanded = { ...each, expected };
    return [{ ...demanded, ...demandEnd(demanded, capture, addresses, spec) }];
  });
  return { ...scenario, spec, flows: bound };
}
