import { startSearch } from "../../harness/analysis/flows/exhaustive-search.ts";
import { makeMutants } from "../../harness/analysis/mutants/mutants.ts";
import { type Expectation, isLanding, meetsExpectation } from "../../harness/model/expectation.ts";
import type { Flow, Manner } from "../../harness/model/flow.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import type { Landing } from "../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../harness/model/pod.ts";
import type { PodRules } from "../../harness/model/ruleset.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { takeShare } from "../thoroughness.ts";

/** A flow with the landing that is demanded of it; null where no single one is. */
export interface DemandedFlow {
  readonly flow: Flow;
  readonly manner: Manner;
  readonly demanded: Expectation | null;
}

/** What is asked of the mutants of some rules. */
export interface MutantQuestion {
  readonly rules: PodRules;
  readonly spec: PodSpec;
  readonly flows: readonly DemandedFlow[];
  /** Says whether a flow landed as demanded. */
  readonly agree: (demanded: Expectation, landed: Landing) => boolean;
  /** What is done to rules before they are asked, mutants and the others alike; nothing if left out. */
  readonly dress?: (rules: PodRules) => PodRules;
}

/** Compares by a key that leaves out what the simulator's pod does not know; where several landings are allowed, one of them will do. */
export function agreeBy(keyOf: (landing: Landing) => string): MutantQuestion["agree"] {
  return (demanded, landed) =>
    isLanding(demanded) ? keyOf(demanded) === keyOf(landed) : meetsExpectation(demanded, landed);
}

/**
 * Gives every mutant that no flow shows and that is not proven to land every flow alike, with a flow that it lands elsewhere. It asks this
 * of every tenth mutant, in a thorough run of all.
 */
export function findHoles({ rules, spec, flows, agree, dress = (each) => each }: MutantQuestion): readonly string[] {
  const search = startSearch(dress(rules), spec, DEFAULT_ADDRESSES);
  return takeShare(makeMutants(rules), 10).flatMap(({ name, family, rules: mutated }) => {
    const broken = dress(mutated);
    const simulator = compilePod(broken, spec, DEFAULT_ADDRESSES);
    const isShown = flows.some(
      ({ flow, manner, demanded }) => demanded !== null && !agree(demanded, simulator.land(flow, manner)),
    );
    if (isShown) return [];
    const found = search(broken, family);
    return found.kind === "alike"
      ? []
      : [`${name}: ${found.kind === "different" ? renderFlowText(found.flow.spec) : found.why}`];
  });
}
