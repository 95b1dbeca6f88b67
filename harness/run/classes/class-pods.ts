import { findFurtherLinks } from "../../analysis/flows/further-links.ts";
import type { Lane } from "../../analysis/flows/lane.ts";
import { openDialledPorts } from "../../analysis/pod/wide-pod.ts";
import { findExpectation } from "../../contract/expectation.ts";
import { addressValue, type Family } from "../../model/address.ts";
import type { Flow } from "../../model/flow.ts";
import { type SandboxAddresses, vmLinks } from "../../model/pod.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { holdsValue } from "../../model/value-ranges.ts";
import { makePodSpec } from "../pod-spec.ts";
import { type BoundFlow, type BoundScenario, demandEnd } from "../scenario/bound-scenario.ts";

/** A pod in which flows are asked about: the scenario's own, or one with another link. */
export interface PodInQuestion {
  readonly links: readonly string[];
  readonly concerns: (lane: Lane, family: Family) => boolean;
  /** Says which flows of those lanes are. */
  readonly isAsked: (flow: Flow) => boolean;
}

/**
 * Gives the pods in which the flows of a scenario are asked about: its own, then one for each further interface of it, and one for each
 * interface at which only the rules may do something else (`-i net9`). In each a virtual machine stands behind the first interface alone.
 */
export function listPods(
  { spec }: BoundScenario,
  rules: PodRules,
  addresses: SandboxAddresses,
): readonly PodInQuestion[] {
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

/** Flows to be added to a scenario's pod. */
export interface AddedFlows {
  readonly pod: Pick<PodInQuestion, "links">;
  readonly flows: readonly Flow[];
  /** Whether the app listens at the ports of the pod that they dial, or at no more ports for them. */
  readonly dialled: "open" | "closed";
}

/**
 * Gives a scenario with further flows, each in the manner *answer* and expected where its settings demand, and with what they need in its
 * pod. A flow of which nothing is demanded is left out.
 */
export function extendPod(
  scenario: BoundScenario,
  { pod: { links }, flows, dialled }: AddedFlows,
  rules: PodRules,
  addresses: SandboxAddresses,
): BoundScenario {
  const { capture } = scenario;
  const all = [...scenario.flows.map(({ flow }) => flow), ...flows];
  const { listen } = dialled === "closed" ? scenario.spec : openDialledPorts(scenario.spec, flows, addresses);
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
