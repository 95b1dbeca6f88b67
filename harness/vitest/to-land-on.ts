import { LandfallError } from "../errors.ts";
import { type BackendName, type FlowReport, judgePrediction } from "../model/report.ts";
import { alignEvidence, listEvidence } from "../report/evidence.ts";
import { describeLanding } from "../report/landing-phrase.ts";
import { blameCaller } from "./caller.ts";
import type { PodFlow } from "./pod.ts";

/** What a matcher tells vitest. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
  /** The two landings as an editor shows them side by side. */
  readonly actual: string;
  readonly expected: string;
}

/** What vitest tells a matcher of how it is used. */
interface MatcherUse {
  readonly isNot?: boolean;
}

/**
 * The matcher `toLandOn`. Throws `bad-input` where flow or landing cannot be read, and `agent-failed` where the harness could not look,
 * which is neither a landing nor its absence, and where the kernel landed the flow elsewhere than landfall predicted.
 */
export async function toLandOn(this: MatcherUse, flow: PodFlow, landing: string): Promise<MatcherResult> {
  const { isNot = false } = this;
  return blameCaller(toLandOn, async () => {
    const report = await flow.drive(landing);
    if (report.verdict === "could-not-look")
      throw new LandfallError("agent-failed", `${flow.text}: ${describeLanding(report.observed)}`);
    const describe = () => describeEvidence(report, flow.backend);
    if (judgePrediction(report) === "disagrees") throw new LandfallError("agent-failed", describe());
    const told = { actual: describeLanding(report.observed), expected: isNot ? `not ${landing}` : landing };
    const negated = () => `${flow.text} must not land on ${landing}, but does.\n${describe()}`;
    return { pass: report.verdict === "pass", message: isNot ? negated : describe, ...told };
  });
}

function describeEvidence(report: FlowReport, backend: BackendName): string {
  return [`${report.flow} (${report.manner})`, ...alignEvidence(listEvidence(report, backend))].join("\n  ");
}
