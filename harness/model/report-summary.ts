import { FLOW_PROTOCOLS } from "./flow.ts";
import {
  type ClassReport,
  type CoverageReport,
  type CoverageSummary,
  type FlowVerdict,
  judgePrediction,
  type Report,
  type ScenarioReport,
} from "./report.ts";
import { type RulePlace, renderPlaceKey } from "./rule-place.ts";

/** Gives a run's summary from its scenarios; `durationMs` is the run's wall-clock time. */
export function summarize(scenarios: readonly ScenarioReport[], durationMs: number): Report["summary"] {
  const flows = scenarios.flatMap((scenario) => scenario.flows);
  const count = (verdict: FlowVerdict) => flows.filter((flow) => flow.verdict === verdict).length;
  return {
    flows: flows.length,
    pass: count("pass"),
    wrong: count("wrong"),
    couldNotLook: count("could-not-look"),
    mispredicted: flows.filter((flow) => judgePrediction(flow) === "disagrees").length,
    omissions: scenarios.reduce((sum, { omissions }) => sum + omissions.length, 0),
    classes: summarizeClasses(scenarios.flatMap(({ classes }) => classes ?? [])),
    ...summarizeAsked(scenarios),
    // A report of an earlier version does not have it.
    notLookedAt: scenarios.reduce((sum, { notLookedAt }) => sum + (notLookedAt?.length ?? 0), 0),
    coverage: summarizeCoverage(scenarios.flatMap(({ coverage }) => coverage ?? [])),
    durationMs,
  };
}

function summarizeClasses(classes: readonly ClassReport[]): Report["summary"]["classes"] {
  if (classes.length === 0) return null;
  const sum = (name: "total" | "driven" | "unspecified" | "left") => classes.reduce((all, each) => all + each[name], 0);
  const failed = classes.filter(({ failure }) => failure !== null).length;
  const named = new Set(classes.flatMap(({ protocols = ["tcp"] }) => protocols));
  const protocols = FLOW_PROTOCOLS.filter((protocol) => named.has(protocol));
  return {
    total: sum("total"),
    protocols,
    ...summarizeClassFlows(classes),
    driven: sum("driven"),
    unspecified: sum("unspecified"),
    left: sum("left"),
    failed,
  };
}

/** Reports of earlier versions do not tell. */
function summarizeClassFlows(classes: readonly ClassReport[]): Pick<ClassReport, "boundaryFlows" | "classFlows"> {
  let [boundaryFlows, classFlows] = [0, 0];
  for (const each of classes) {
    if (each.boundaryFlows === undefined || each.classFlows === undefined) return {};
    boundaryFlows += each.boundaryFlows;
    classFlows += each.classFlows;
  }
  return { boundaryFlows, classFlows };
}

/** A scenario of which all flows were asked for counts with all of them. */
function summarizeAsked(scenarios: readonly ScenarioReport[]): Pick<Report["summary"], "asked"> {
  if (scenarios.every(({ asked }) => asked === undefined)) return {};
  const sum = (count: (scenario: ScenarioReport) => number) =>
    scenarios.reduce((all, scenario) => all + count(scenario), 0);
  return {
    asked: {
      flows: sum(({ flows }) => flows.length),
      of: sum(({ flows, asked }) => asked?.of ?? flows.length),
      left: sum(({ asked }) => asked?.remaining.length ?? 0),
      failed: sum(({ asked }) => (asked && asked.failure !== null ? 1 : 0)),
    },
  };
}

function summarizeCoverage(scenarios: readonly CoverageReport[]): CoverageSummary | null {
  if (scenarios.length === 0) return null;
  const textOf = ({ family, table, rule }: RulePlace) => `${family} ${table} ${rule}`;
  const isIn = (place: RulePlace, places: readonly RulePlace[]) =>
    places.some((other) => renderPlaceKey(other) === renderPlaceKey(place));
  const taken = new Set(scenarios.flatMap((scenario) => scenario.taken.map(textOf)));
  const beyond = new Set(scenarios.flatMap(({ unreachable }) => unreachable.map(textOf)));
  const left = new Set(
    scenarios.flatMap(({ unhit, unreachable }) => unhit.filter((place) => !isIn(place, unreachable)).map(textOf)),
  );
  const unreachable = [...beyond].filter((rule) => !taken.has(rule) && !left.has(rule)).length;
  return { rules: new Set([...taken, ...left, ...beyond]).size, hit: taken.size, unreachable };
}
