import type { Landing } from "../model/landing.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import { behindRealEnvoy } from "../model/pod-shape.ts";
import { type FlowReport, judgePrediction } from "../model/report.ts";
import type { PodRules } from "../model/ruleset.ts";
import type { Observation } from "../sandbox/sandbox.ts";
import { judgeFlow } from "./judged-flow.ts";
import { type Prediction, predictFlows } from "./prediction.ts";
import type { BoundFlow, BoundScenario } from "./scenario/bound-scenario.ts";

/**
 * Judges where flows in the manner `answer` ended behind a real Envoy; gives the reports in their order. A flow that Envoy took as expected
 * must end where the capture config demands, if it demands anything, and where the simulator predicts. Where it does not, the report shows
 * the two ends in place of Envoy's listener. The verdict on every other flow stays.
 */
export function judgeEnds(
  reports: readonly FlowReport[],
  bound: BoundScenario,
  observations: readonly Observation[],
  rules: PodRules,
  addresses: SandboxAddresses,
): readonly FlowReport[] {
  if (observations.every(({ forwarded }) => forwarded === undefined)) return reports;
  const forwarding = bound.flows.map((flow) => ({ ...flow, manner: "forward" as const }));
  const spec = behindRealEnvoy(bound.spec);
  const predictions = predictFlows({ ...bound, spec, flows: forwarding }, rules, addresses);
  return reports.map((report, i) => {
    const [flow, forwarded] = [bound.flows[i], observations[i]?.forwarded];
    return flow && forwarded ? judgeEnd(report, flow, forwarded, predictions[i] ?? null) : report;
  });
}

function judgeEnd(report: FlowReport, flow: BoundFlow, forwarded: Landing, prediction: Prediction | null): FlowReport {
  const told = { ...report, forwarded };
  if (report.verdict !== "pass") return told;
  const end = judgeFlow(
    { ...flow, expected: flow.forwarded ?? report.expected },
    { landing: forwarded, durationMs: report.durationMs },
    prediction,
  );
  const isDemanded = flow.forwarded !== undefined;
  if (end.verdict === "could-not-look" || (isDemanded && end.verdict === "wrong")) return { ...end, forwarded };
  return judgePrediction(end) === "disagrees" ? { ...end, verdict: report.verdict, forwarded } : told;
}
