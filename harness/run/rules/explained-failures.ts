import type { FlowReport, ScenarioReport } from "../../model/report.ts";
import { placeInFile, type RulePlace } from "../../model/ruleset.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { readRulesInPod } from "../prediction.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";
import { findCauses } from "./causes.ts";

/** Gives a report with what is behind its wrong landings, and with the files and lines of the rules that it names. Rules must be in. */
export async function explainFailures(
  report: ScenarioReport,
  bound: BoundScenario,
  sandbox: Sandbox,
): Promise<ScenarioReport> {
  const tested = await readRulesInPod(bound.installation, sandbox);
  const inFile = (place: RulePlace) => placeInFile(place, tested);
  const flows = report.flows.map((flow): FlowReport => {
    const rules = flow.rules.map(inFile);
    const { wanted } = flow;
    if (wanted === null || wanted.nearest === null) return { ...flow, rules };
    return { ...flow, rules, wanted: { ...wanted, nearest: { ...wanted.nearest, rule: inFile(wanted.nearest.rule) } } };
  });
  return { ...report, flows, causes: findCauses(flows, bound, tested, sandbox.addresses) };
}
