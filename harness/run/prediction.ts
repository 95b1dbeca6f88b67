import type { Landing } from "../model/landing.ts";
import type { RulePlace } from "../model/ruleset.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { BoundScenario } from "./bound-scenario.ts";

/** What the simulator says of one flow. */
export interface Prediction {
  readonly landing: Landing;
  /** The rules that matched, in the order in which the packets meet them. */
  readonly rules: readonly RulePlace[];
}

/** Gives the simulator's landing of every flow, in order; null where it was not asked. */
export async function predictFlows(_bound: BoundScenario, _sandbox: Sandbox): Promise<readonly (Prediction | null)[]> {
  return [];
}
