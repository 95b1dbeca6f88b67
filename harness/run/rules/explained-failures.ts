import type { SandboxAddresses } from "../../model/pod.ts";
import type { FlowReport, ScenarioReport, WantedRule } from "../../model/report.ts";
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
  const causes = findCauses(flows, bound, tested, addresses);
  return {
    ...report,
    flows: flows.map((flow) => (flow.wanted === null ? flow : { ...flow, wanted: writeWanted(flow.wanted) })),
    causes: causes.map((cause) => ({ ...cause, wanted: cause.wanted && writeRequired(cause.wanted) })),
  };
}

function writeWanted(wanted: WantedRule): WantedRule {
  return { ...wanted, rule: wanted.rule && writeRequired(wanted.rule) };
}

/** Rules are compared as iptables writes them; a person adds a rule of nft as nft does. */
function writeRequired(place: RulePlace): RulePlace {
  const { source, chain, rule } = place;
  if (source !== "nft") return place;
  const bare = rule.startsWith(`-A ${chain} `) ? rule.slice(`-A ${chain} `.length) : rule;
  return { ...place, rule: bare.replaceAll("counter packets 0 bytes 0", "counter") };
}

/** Rules that no text gives a handle have it from the flows that the kernel was asked about. */
function learnHandles(flows: readonly FlowReport[]): ReadonlyMap<string, number> {
  const places = flows.flatMap(({ rules }) => rules);
  return new Map(
    places.flatMap((place) => (place.handle === undefined ? [] : [[renderPlaceKey(place), place.handle] as const])),
  );
}
