import { type FlowReport, judgePrediction } from "../model/report.ts";
import { describeLanding, describeRules, MISPREDICTED } from "../report/landing-phrase.ts";
import type { PodFlow } from "./pod.ts";

declare module "vitest" {
  interface Matchers<R extends void | Promise<void>, T> {
    /**
     * Drives the flow and holds it to a landing: `LISTENER[:PORT] [redirected] [via LISTENER[,LISTENER]] [from ADDRESS]`, `refused`,
     * `reset`, `timed-out`, `unreachable` or `loop`. Where the harness could not look, or landfall predicted another landing than the kernel's,
     * the test fails, negated or not.
     */
    toLandOn(landing: string): Promise<void>;
  }
}

/** What a matcher tells vitest. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * The matcher `toLandOn`. Throws where the harness could not look, which is neither a landing nor its absence, and where the kernel landed
 * the flow elsewhere than landfall predicted.
 */
export async function toLandOn(flow: PodFlow, landing: string): Promise<MatcherResult> {
  const report = await flow.drive(landing);
  if (report.verdict === "could-not-look") throw new Error(`${flow.text}: ${describeLanding(report.observed)}`);
  if (judgePrediction(report) === "disagrees")
    throw new Error(`${describeEvidence(report)}\n  defect    ${MISPREDICTED}`);
  return { pass: report.verdict === "pass", message: () => describeEvidence(report) };
}

function describeEvidence(report: FlowReport): string {
  const predicted = report.predicted === null ? [] : [`predicted ${describeLanding(report.predicted)}`];
  return [
    `${report.flow} (${report.manner})`,
    `expected  ${describeLanding(report.expected)}`,
    ...predicted,
    `seen      ${describeLanding(report.observed)}`,
    ...describeRules(report).map((rule) => `rule      ${rule}`),
  ].join("\n  ");
}
