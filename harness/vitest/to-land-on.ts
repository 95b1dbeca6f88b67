import type { FlowReport } from "../model/report.ts";
import { describeLanding, describeRules } from "../report/landing-phrase.ts";
import type { PodFlow } from "./pod.ts";

declare module "vitest" {
  interface Matchers<R extends void | Promise<void>, T> {
    /**
     * Drives the flow and holds it to a landing: `LISTENER[:PORT] [redirected] [via LISTENER[,LISTENER]] [from ADDRESS]`, `refused`,
     * `reset`, `timed-out`, `unreachable` or `loop`. Where the harness could not look the test fails, negated or not.
     */
    toLandOn(landing: string): Promise<void>;
  }
}

/** What a matcher tells vitest. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The matcher `toLandOn`. Throws where the harness could not look: that is neither a landing nor its absence. */
export async function toLandOn(flow: PodFlow, landing: string): Promise<MatcherResult> {
  const report = await flow.drive(landing);
  if (report.verdict === "could-not-look") throw new Error(`${flow.text}: ${describeLanding(report.observed)}`);
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
