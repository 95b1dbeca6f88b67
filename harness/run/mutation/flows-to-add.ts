import { startSearch } from "../../analysis/flows/exhaustive-search.ts";
import { nameFlow } from "../../analysis/flows/witness.ts";
import type { Mutant } from "../../analysis/mutants/mutants.ts";
import { resolveLanding } from "../../contract/expected-landing.ts";
import { meetsExpectation } from "../../model/expectation.ts";
import type { Flow } from "../../model/flow.ts";
import { flowData, renderFlowText } from "../../model/flow-spec.ts";
import type { Landing, LandingSpec } from "../../model/landing.ts";
import { renderLandingSpec } from "../../model/landing-text.ts";
import type { FlowsToAdd } from "../../model/mutation-report.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import { findFlowFaults } from "../flow-faults.ts";
import { makePodSpec } from "../pod-spec.ts";
import { demandTelling } from "../scenario/witness-expectation.ts";
import type { MutationSubject } from "./mutation-subject.ts";
import { chooseCovers } from "./smallest-cover.ts";

/** Flows of each missed mutant among which a set is sought, spread over all that would show it. */
const SAMPLED = 16;

/** A flow with an expectation, and the mutants that land it otherwise. */
interface Candidate {
  readonly flow: Flow;
  readonly expected: string;
  readonly covers: ReadonlySet<Mutant>;
}

/**
 * Gives a smallest set found of flows, with what a scenario expects of them, that show all missed mutants of a subject; null where none was
 * missed. It asks the simulator: each flow meets its expectation under the unbroken rules, and under each mutant that it shows it does
 * not. Mutants of which no flow is known that shows them are in `uncovered`.
 */
export function findFlowsToAdd(
  subject: MutationSubject,
  missed: readonly Mutant[],
  addresses: SandboxAddresses,
): FlowsToAdd | null {
  if (missed.length === 0) return null;
  const known = new Set(subject.flows.map(({ flow }) => renderFlowText(flow.spec)));
  // A flow that the scenario has already would need another expectation there.
  const rank = ({ spec }: Flow) => {
    const text = renderFlowText(spec);
    return text.length + (known.has(text) ? 1_000 : 0);
  };
  const pool = sampleFlows(subject, missed, addresses).toSorted((one, other) => rank(one) - rank(other));
  const strongest = keepStrongest(listCandidates(subject, pool, missed, addresses));
  const chosen = chooseCovers(strongest).map(({ flow }) => flow);
  // The others are not in the pod of the scenario that gets these.
  const kept = simplify(listCandidates(subject, chosen, missed, addresses));
  const shown = unite(kept);
  return {
    scenario: subject.name,
    flows: kept.map(({ flow, expected, covers }) => ({
      flow: flowData(flow),
      expected,
      catches: [...covers].map(({ name }) => name),
    })),
    uncovered: missed.filter((mutant) => !shown.has(mutant)).map(({ name }) => name),
  };
}

/** Gives each flow with the one of its expectations that shows most, in the flows' order: a scenario has one for each flow. */
function keepStrongest(candidates: readonly Candidate[]): readonly Candidate[] {
  const byFlow = Map.groupBy(candidates, ({ flow }) => flow);
  return [...byFlow.values()].map((own) =>
    own.reduce((one, other) => (other.covers.size > one.covers.size ? other : one)),
  );
}

/** Gives each flow with the shortest of its expectations with which all flows together still show as much. */
function simplify(candidates: readonly Candidate[]): readonly Candidate[] {
  const kept = new Map(keepStrongest(candidates).map((one) => [one.flow, one]));
  const reach = unite([...kept.values()]).size;
  for (const one of candidates.toSorted((one, other) => other.expected.length - one.expected.length)) {
    const changed = new Map(kept).set(one.flow, one);
    if (unite([...changed.values()]).size === reach) kept.set(one.flow, one);
  }
  return [...kept.values()];
}

function unite(candidates: readonly Candidate[]): ReadonlySet<Mutant> {
  return new Set(candidates.flatMap(({ covers }) => [...covers]));
}

/** Gives flows that show the mutants and that a scenario takes. */
function sampleFlows(
  { rules, spec, protocols, capture }: MutationSubject,
  missed: readonly Mutant[],
  addresses: SandboxAddresses,
): readonly Flow[] {
  const search = startSearch(rules, spec, addresses, protocols);
  const sampled = missed.flatMap((mutant) => {
    const found = search(mutant.rules, mutant.family);
    if (found.kind !== "different") return [];
    const all = [found, ...found.listOthers()].map(({ flow }) => flow);
    return all.filter((_, i) => i % Math.ceil(all.length / SAMPLED) === 0);
  });
  const named = sampled.map((flow) => nameFlow(flow, addresses, spec.shape));
  const isWritable = ({ spec: names }: Flow) => findFlowFaults(names, "answer", capture).length === 0;
  return [...new Map(named.map((flow) => [renderFlowText(flow.spec), flow])).values()].filter(isWritable);
}

/** Gives each flow with each expectation that tells some mutant from the unbroken rules, in the flows' order. */
function listCandidates(
  subject: MutationSubject,
  flows: readonly Flow[],
  missed: readonly Mutant[],
  addresses: SandboxAddresses,
): readonly Candidate[] {
  const { capture, rules, flows: own } = subject;
  const all = [...own.map(({ flow }) => flow), ...flows];
  const spec = makePodSpec(capture, all, subject.spec.listen, addresses, [rules]);
  const before = landAll(flows, rules, spec, addresses);
  const after = new Map(missed.map((mutant) => [mutant, landAll(flows, mutant.rules, spec, addresses)]));
  return flows.flatMap((flow, i) => {
    const was = before[i];
    if (was === undefined || was.kind === "could-not-look") return [];
    const ends = missed.flatMap((mutant) => {
      const is = after.get(mutant)?.[i];
      const isKnown = is !== undefined && is.kind !== "could-not-look" && mutant.family === flow.family;
      return isKnown ? [{ mutant, is }] : [];
    });
    const wanted = new Map(
      ends.map(({ is }) => {
        const landing = demandTelling(flow, was, is, { spec }, addresses);
        return [renderLandingSpec(landing), landing];
      }),
    );
    return [...wanted].flatMap(([text, landing]): readonly Candidate[] => {
      const meets = judgeBy(landing, flow, spec, addresses);
      if (!meets(was)) return [];
      const covers = new Set(ends.filter(({ is }) => !meets(is)).map(({ mutant }) => mutant));
      return [{ flow, expected: text, covers }];
    });
  });
}

function landAll(
  flows: readonly Flow[],
  rules: PodRules,
  spec: PodSpec,
  addresses: SandboxAddresses,
): readonly Landing[] {
  const simulator = compilePod(rules, spec, addresses);
  return flows.map((flow) => simulator.land(flow, "answer"));
}

/** Gives what judges a landing as a scenario does that demands this one. */
function judgeBy(demanded: LandingSpec, flow: Flow, { shape }: PodSpec, addresses: SandboxAddresses) {
  const expected = resolveLanding(demanded, flow, { shape, addresses });
  return (landing: Landing) => meetsExpectation(expected, landing);
}
