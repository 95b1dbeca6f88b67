import { classifyDemands, type DemandClass } from "../../analysis/flows/demand-classes.ts";
import type { AnalysisSetting } from "../../analysis/flows/partition.ts";
import { nameFlow, type Witness } from "../../analysis/flows/witness.ts";
import { LandfallError } from "../../errors.ts";
import { type Expectation, isLanding, meetsExpectation } from "../../model/expectation.ts";
import type { Flow, FlowProtocol } from "../../model/flow.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import { type SandboxAddresses, withLinks } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { predictFlows } from "../prediction.ts";
import type { BoundFlow, BoundScenario } from "../scenario/bound-scenario.ts";
import { extendPod, listPods, type PodInQuestion } from "./class-pods.ts";

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

/** The flows to be driven in a pod. */
interface PlannedFlows {
  /** Those driven where the app listens at every port that they dial in the pod. */
  readonly flows: readonly Flow[];
  /**
   * Those that may be driven again where it does not: the pod answers with a RST that has no socket, which rules may treat otherwise than
   * a listener's answer, and the simulator says that they do.
   */
  readonly refused: readonly Flow[];
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
  const take = (flow: Flow): readonly Flow[] => {
    classes.push({ flow, why: room > 0 ? null : OUT_OF_BUDGET, demand: "specified" });
    if (room === 0) return [];
    room--;
    return [flow];
  };
  const plan = (pod: PodInQuestion, own: readonly Flow[]): PlannedFlows => {
    const found = findClasses(scenario, pod, rules, addresses, own);
    const flows: Flow[] = [];
    const refused: Flow[] = [];
    // A flow of the same words in another pod is another flow: its machine stands behind another link.
    const driven = new Set(own.map(({ spec }) => renderFlowText(spec)));
    // Where the flows do not reach for all, those go first that may show something wrong.
    for (const { witness, demanded, isSuspect } of found.toSorted(
      (one, other) => Number(other.isSuspect) - Number(one.isSuspect),
    )) {
      const flow = nameDrivable(witness, addresses, scenario.spec.shape);
      if (demanded !== null && isSuspect && isRefusal(demanded)) refused.push(flow);
      const text = renderFlowText(flow.spec);
      if (demanded === null) classes.push({ flow, why: null, demand: "unspecified" });
      else if (driven.has(text)) classes.push({ flow, why: null, demand: "specified" });
      else {
        flows.push(...take(flow));
        driven.add(text);
      }
    }
    return { flows, refused };
  };
  const pods = listPods(scenario, rules, addresses).map((pod, i) => ({ pod, ...plan(pod, i === 0 ? known : []) }));
  const bare = { ...scenario, flows: [] };
  const open = pods.map(({ pod, flows }, i) =>
    extendPod(i === 0 ? scenario : bare, { pod, flows, dialled: "open" }, rules, addresses),
  );
  const closed = pods.map(({ pod, refused }, i) => {
    const flows = findPassing(open[i], refused, rules, addresses).flatMap(take);
    return extendPod(bare, { pod, flows, dialled: "closed" }, rules, addresses);
  });
  const [extended = scenario, ...others] = open;
  return {
    scenario: extended,
    further: [...others, ...closed].filter(({ flows }) => flows.length > 0),
    classes,
    failure: null,
  };
}

/** Leaves the flows that the simulator lands in a pod where they must: one that fails already need not be driven twice. */
function findPassing(
  pod: BoundScenario | undefined,
  some: readonly Flow[],
  rules: PodRules,
  addresses: SandboxAddresses,
): readonly Flow[] {
  if (pod === undefined || some.length === 0) return [];
  const texts = new Set(some.map(({ spec }) => renderFlowText(spec)));
  const flows = pod.flows.filter(({ flow, manner }) => manner === "answer" && texts.has(renderFlowText(flow.spec)));
  const predicted = predictFlows({ ...pod, flows }, rules, addresses);
  const passing = flows.filter(({ expected }, i) => {
    const landing = predicted[i]?.landing;
    return landing !== undefined && meetsExpectation(expected, landing);
  });
  const kept = new Set(passing.map(({ flow }) => renderFlowText(flow.spec)));
  return some.filter((flow) => kept.has(renderFlowText(flow.spec)));
}

/** Says whether a flow must end at a port of the pod where nobody listens. */
function isRefusal(demanded: Expectation): boolean {
  return isLanding(demanded) && demanded.kind === "refused";
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
