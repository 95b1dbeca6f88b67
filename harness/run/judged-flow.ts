import { type Expectation, meetsExpectation } from "../model/expectation.ts";
import { flowData } from "../model/flow-spec.ts";
import { type Landing, landingsAgree, makeBlind } from "../model/landing.ts";
import type { FlowReport, FlowVerdict } from "../model/report.ts";
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
    wanted: null,
    durationMs: observation?.durationMs ?? 0,
  };
}

function judgeLanding(expected: Expectation, observed: Landing): FlowVerdict {
  if (observed.kind === "could-not-look") return "could-not-look";
  return meetsExpectation(expected, observed) ? "pass" : "wrong";
}
