import { findReach, type RuleReach } from "../../analysis/mutants/rule-reach.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import type { CoverageReport } from "../../model/report.ts";
import type { RulePlace } from "../../model/rule-place.ts";
import type { CountedRules, Sandbox } from "../../sandbox/sandbox.ts";
import { type BoundScenario, listBoundaryFlows } from "../scenario/bound-scenario.ts";
import { splitByCounters } from "./counted-rules.ts";

/**
 * Gives which of the rules that are in have counted some packet since they were put in, and of each that has not, whether any flow could
 * take it. A script's policy routing is not known, and packets may go ways that the simulator does not see: there nothing is `unreachable`.
 */
export async function measureCoverage(bound: BoundScenario, sandbox: Sandbox): Promise<CoverageReport> {
  const counted = await sandbox.counters();
  const { taken, unhit } = splitByCounters(counted);
  const { takers, unreachable } = findUnhitReach(unhit, counted, bound, sandbox);
  return {
    rules: taken.length + unhit.length,
    hit: taken.length,
    taken,
    unhit,
    unreachable,
    takers: takers.map(({ rule, flow, manner }) => ({ rule, flow: renderFlowText(flow.spec), manner })),
  };
}

function findUnhitReach(
  unhit: readonly RulePlace[],
  counted: CountedRules,
  { installation, capture, spec }: BoundScenario,
  { addresses }: Sandbox,
): RuleReach {
  if (installation.kind === "script") return { takers: [], unreachable: [] };
  const { policyRouting } = installation.rules;
  return findReach({ ...counted, policyRouting }, unhit, listBoundaryFlows(capture, addresses), spec, addresses);
}
