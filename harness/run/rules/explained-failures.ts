import type { SandboxAddresses } from "../../model/pod.ts";
import type { FlowReport, ScenarioReport } from "../../model/report.ts";
import { placeInFile, type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import type { PodRules } from "../../model/ruleset.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";
import { findCauses } from "./causes.ts";

/**
 * Gives a report with what is behind its wrong landings, and with the files and lines of the rules that it names. `tested` are the rules
 * that were in.
 */
export function explainFailures(
  report: ScenarioReport,
  bound: BoundScenario,
  tested: PodRules,
  addresses: SandboxAddresses,
): ScenarioReport {
  const handles = learnHandles(report.flows);
  const inFile = (place: RulePlace) => {
    const handle = place.handle ?? handles.get(renderPlaceKey(place));
    return placeInFile(handle === undefined ? place : { ...place, handle }, tested);
  };
  const flows = report.flows.map((flow): FlowReport => {
    const rules = flow.rules.map(inFile);
    const { wanted } = flow;
    if (wanted === null || wanted.nearest === null) return { ...flow, rules };
    return { ...flow, rules, wanted: { ...wanted, nearest: { ...wanted.nearest, rule: inFile(wanted.nearest.rule) } } };
  });
  return { ...report, flows, causes: findCauses(flows, bound, tested, addresses) };
}

/** Rules that no text gives a handle have it from the flows that the kernel was asked about. */
function learnHandles(flows: readonly FlowReport[]): ReadonlyMap<string, number> {
  const places = flows.flatMap(({ rules }) => rules);
  return new Map(
    places.flatMap((place) => (place.handle === undefined ? [] : [[renderPlaceKey(place), place.handle] as const])),
  );
}
