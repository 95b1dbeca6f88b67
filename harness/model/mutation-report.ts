import type { FlowProtocol } from "./flow.ts";
import type { FlowData } from "./flow-spec.ts";

/**
 * What became of one mutant. `caught`: a flow landed elsewhere than expected, or fell silent so that it could not be observed any more.
 * `equivalent`: no flow of these protocols that a sandbox can drive lands differently. `missed`: some flow does, or it is not known that
 * none does, and none of the driven ones showed it.
 */
export interface MutantReport {
  /** What was broken: `ip nat: delete -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN`. */
  readonly mutant: string;
  /** The protocols of the flows among which one that shows it was searched: those of the contract, of the driven flows, or of rules. */
  readonly protocols: readonly FlowProtocol[];
  readonly outcome: "caught" | "equivalent" | "missed";
  /**
   * The flow that showed it, or for a missed one a flow that would have: its landing, as a scenario says it, is another under the mutant.
   * Null where none is known, or the kernel refused the mutant.
   */
  readonly flow: FlowData | null;
  /** For a missed one with a flow what a scenario would demand of it: its landing under the unbroken rules, `envoy-inbound:15006`. */
  readonly expected: string | null;
}

/** A smallest set found of flows that show the missed mutants of some rules. */
export interface FlowsToAdd {
  /** The scenarios that bring the rules, by commas; `flags` for those of settings. */
  readonly scenario: string;
  /** Each with what a scenario expects of it in the manner `answer`, and the missed mutants that it shows. */
  readonly flows: readonly {
    readonly flow: FlowData;
    readonly expected: string;
    readonly catches: readonly string[];
  }[];
  /** Missed mutants of which no flow is known that shows them. */
  readonly uncovered: readonly string[];
}

/** What `mutate --json` prints; its JSON Schema is `schemas/mutate.json`. */
export interface MutationReport {
  readonly formatVersion: "1.0";
  readonly mutants: readonly MutantReport[];
  /** Caught among caught and missed, 0 to 1. */
  readonly score: number;
  /** For each rule set with missed mutants the flows that show them. */
  readonly flowsToAdd: readonly FlowsToAdd[];
}
