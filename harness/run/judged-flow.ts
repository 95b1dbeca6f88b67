import type { DecidedBy } from "../model/decided-by.ts";
import { type Expectation, meetsExpectation } from "../model/expectation.ts";
import { flowData } from "../model/flow-spec.ts";
import { type Landing, landingsAgree, makeBlind } from "../model/landing.ts";
import type { FlowReport, FlowVerdict } from "../model/report.ts";
import { type RulePlace, renderPlaceKey } from "../model/rule-place.ts";
import type { Observation } from "../sandbox/sandbox.ts";
import type { Prediction } from "./prediction.ts";
import type { BoundFlow } from "./scenario/bound-scenario.ts";

/**
 * Gives a flow's report: expected, predicted and observed side by side, and the verdict on the observed. The rules are the prediction's,
 * where the flow landed as predicted. A flow without observation could not be observed.
 */
export function judgeFlow(
  bound: BoundFlow,
  observation: Observation | undefined,
  prediction: Prediction | null,
): FlowReport {
  const observed = observation?.landing ?? makeBlind("no-observation", "the sandbox gave no observation");
  const isPredicted = prediction !== null && landingsAgree(prediction.landing, observed);
  return {
    ...flowData(bound.flow),
    manner: bound.manner,
    chosenFor: bound.chosenFor ?? "claim",
    expected: bound.expected,
    predicted: prediction?.landing ?? null,
    observed,
    verdict: judgeLanding(bound.expected, observed),
    rules: isPredicted ? prediction.rules : [],
    rulesBy: isPredicted ? "prediction" : "nobody",
    ...(isPredicted ? { decidedBy: nameDeciding(prediction.deciding, prediction.rules) } : {}),
    wanted: null,
    durationMs: observation?.durationMs ?? 0,
  };
}

/** Gives which of the rules that took a flow decided where it landed, or the policy that did; `deciding` has index 0 where that is one. */
function nameDeciding(deciding: RulePlace | null, rules: readonly RulePlace[]): DecidedBy {
  if (deciding === null) return { kind: "nothing" };
  if (deciding.index === 0) return { kind: "policy", policy: `${deciding.table} ${deciding.chain}` };
  const key = renderPlaceKey(deciding);
  return { kind: "rule", rule: rules.findIndex((place) => renderPlaceKey(place) === key) };
}

function judgeLanding(expected: Expectation, observed: Landing): FlowVerdict {
  if (observed.kind === "could-not-look") return "could-not-look";
  return meetsExpectation(expected, observed) ? "pass" : "wrong";
}
