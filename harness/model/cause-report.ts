import type { Manner } from "./flow.ts";
import type { RulePlace } from "./rule-place.ts";

/**
 * What a cause is. `other-target`: a rule takes the flows and does something else than required, or stands in the place of the
 * required one, or in another chain than that. `missing-rule`: no rule does what the required one does. `deciding-rule`: this rule
 * decides where they land; whether it is wrong, or which one is missing before it, cannot be told. `no-rule`: no rule takes them, or the
 * policy of a chain drops them. `routing`: policy routing is missing.
 * `expectation`: the scenario expects another landing than its own settings demand.
 */
export const CAUSES = ["other-target", "missing-rule", "deciding-rule", "no-rule", "routing", "expectation"] as const;

/** Why a rule is missing, where nothing more is known of it than that another rule is met. */
export const ANOTHER_TAKES = "another rule takes these flows";

/** Why a rule that takes flows is at fault, where nothing more is known than that the required one does something else. */
export const DOES_OTHERWISE = "this rule takes these flows, and the required rule would do something else with them";

/** The same where no flow need be taken by it. */
export const STANDS_INSTEAD = "this rule stands in the place of the required one";

/** A clause of the contract that some flows break: its name, what it says, and how many flows. */
export interface BrokenClause {
  readonly name: string;
  readonly says: string;
  readonly flows: number;
}

/** Why flows of one scenario landed wrong: one wrong rule shows in many flows. */
export interface CauseReport {
  readonly kind: (typeof CAUSES)[number];
  /** The rule under test that decides; null where none does. */
  readonly rule: RulePlace | null;
  /**
   * The rule that the mesh's own tool has for them, with the chain names of the rules under test; where those have other chains, or are
   * nft's, what does the same there, by the simulator. Null where that is not known.
   */
  readonly wanted: RulePlace | null;
  /** Why, as one sentence without its end. */
  readonly why: string;
  /** The clause of the contract that these flows break, with what it says; absent where they break several, or none is known. */
  readonly breaks?: string;
  /** Every clause that some of them break, and how many do, most first. Absent where none is known, and in reports of earlier versions. */
  readonly clauses?: readonly BrokenClause[];
  /** What to change, as one sentence without its end. Absent in reports of earlier versions. */
  readonly remedy?: string;
  /** The flows, in the scenario's order. */
  readonly flows: readonly { readonly flow: string; readonly manner: Manner }[];
}
