import { describeDeviations, listDeviations } from "../contract/strict-contract.ts";
import { LandfallError } from "../errors.ts";
import { makeBlind } from "../model/landing.ts";
import { DEFAULT_ADDRESSES, type SandboxAddresses } from "../model/pod.ts";
import type { CoverageReport, FlowReport, ScenarioReport } from "../model/report.ts";
import type { PodRules } from "../model/ruleset.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { findBlindness } from "./canary.ts";
import { type ClassRun, openClasses } from "./classes/class-run.ts";
import { driveDoubtfulFirst } from "./doubtful-first.ts";
import { judgeEnds } from "./judged-end.ts";
import { judgeFlow } from "./judged-flow.ts";
import { describeTakenPorts } from "./pod-spec.ts";
import { predictFlows, readRulesInPod } from "./prediction.ts";
import { attributeFlows } from "./rules/attribution.ts";
import { measureCoverage } from "./rules/coverage.ts";
import { explainFailures } from "./rules/explained-failures.ts";
import { describeInertRules } from "./rules/inert-rules.ts";
import { makeWantedRuleFinder } from "./rules/wanted-rule.ts";
import { traceWays } from "./rules/ways.ts";
import { reportAsked } from "./scenario/asked-flows.ts";
import { type BoundScenario, bindScenario } from "./scenario/bound-scenario.ts";
import { findOmissions } from "./scenario/omissions.ts";
import type { ParsedScenario } from "./scenario/parsed-scenario.ts";
import { lookAgain } from "./second-look.ts";

/** What a run may be asked for beside landings. */
export interface ScenarioRunOptions {
  readonly coverage?: "measured" | "not-measured";
  /** `traced`: the report has the rules under test, and each flow's predicted way through them. */
  readonly ways?: "traced" | "not-traced";
  /** `outside`: the rules come from the user, and what of them does not apply is told. */
  readonly rulesFrom?: "outside" | "scenario";
  /** Whether a sandbox that fails for the environment's sake ends the run (`throw`, the default) or leaves its flows `could-not-look`. */
  readonly failure?: "throw" | "report";
  /** Called before flows that got no answer, although one was predicted, are looked at a second time; given their number. */
  readonly onSilence?: (flows: number) => void;
  /** Flows that may be driven for one scenario whose flows follow from its config. */
  readonly maxFlows?: number;
  /** Called while a scenario's rules are still in, for a person to look at the pod; says whether they are to stay. */
  readonly onRulesIn?: (report: ScenarioReport, sandbox: Sandbox) => Promise<"clear" | "keep">;
}

/** A scenario's report, and whether its sandbox can be used for another. */
export interface ScenarioOutcome {
  readonly report: ScenarioReport;
  readonly sandbox: "usable" | "broken";
}

/**
 * Runs a scenario: listeners up, canary flows, rules in, all flows together, the failed ones again alone for the rules that counted them,
 * rules out, canary flows. A failure of the harness on the way leaves every flow as `could-not-look`, never as a landing.
 * Throws `rules-refused` where the kernel refuses the rules, and `environment`.
 */
export async function runScenario(
  scenario: ParsedScenario,
  sandbox: Sandbox,
  options: ScenarioRunOptions = {},
): Promise<ScenarioOutcome> {
  let bound = bindScenario(scenario, sandbox.addresses);
  try {
    const isOpen = scenario.flows === "boundaries";
    const classes = isOpen ? await openClasses(bound, sandbox, { ...options, ...scenario.asked }) : null;
    bound = classes?.scenario ?? bound;
    await sandbox.enter(bound.spec);
    const families = [...new Set(bound.flows.map(({ flow }) => flow.family))];
    const blindBefore = await findBlindness(sandbox, { ...bound, families }, "Before the rules");
    const { report, rules } = await runWithRules(bound, sandbox, options, classes);
    if (rules === "keep") return { report, sandbox: "usable" };
    const blindness = blindBefore ?? (await findBlindness(sandbox, { ...bound, families }, "After the rules"));
    if (blindness === null) return { report, sandbox: "usable" };
    // Something is left in it that is not landfall's to take out: the next scenario gets another.
    return { report: reportBlind(bound, blindness), sandbox: "broken" };
  } catch (error) {
    const isReported =
      error instanceof LandfallError && (error.code === "agent-failed" || isOwnFailure(error, options));
    if (!isReported) throw nameScenario(error, scenario.name);
    return { report: reportBlind(bound, error.message), sandbox: "broken" };
  }
}

function isOwnFailure({ code }: LandfallError, { failure }: ScenarioRunOptions): boolean {
  return code === "environment" && failure === "report";
}

/** Gives the report of a scenario for which there was no sandbox: each of its flows is `could-not-look`, with this cause. */
export function reportUndriven(scenario: ParsedScenario, cause: string): ScenarioReport {
  return reportBlind(bindScenario(scenario, DEFAULT_ADDRESSES), cause);
}

/** Installs, drives and judges; whatever happens the rules are out again, unless they are to be kept. */
async function runWithRules(
  bound: BoundScenario,
  sandbox: Sandbox,
  options: ScenarioRunOptions,
  classes: ClassRun | null,
) {
  let rules: "clear" | "keep" = "clear";
  try {
    await sandbox.install(bound.installation);
    const tested = await readRulesInPod(bound.installation, sandbox);
    const driven = await driveScenario(bound, tested, sandbox, options, classes);
    const whole = classes === null ? driven : { ...driven, ...classes.complete(driven.flows) };
    const explained = explainFailures(whole, bound, tested, sandbox.addresses);
    const report = options.ways === "traced" ? traceWays(explained, bound.spec, tested, sandbox.addresses) : explained;
    rules = (await options.onRulesIn?.(report, sandbox)) ?? "clear";
    return { report, rules };
  } finally {
    if (rules === "clear") await sandbox.clear();
  }
}

async function driveScenario(
  bound: BoundScenario,
  rules: PodRules,
  sandbox: Sandbox,
  options: ScenarioRunOptions,
  classes: ClassRun | null,
): Promise<ScenarioReport> {
  const predictions = predictFlows(bound, rules, sandbox.addresses);
  const isOurs = options.rulesFrom !== "outside";
  const inert = isOurs ? [] : describeInertRules({ ...bound, kernel: await sandbox.counters() });
  // Flows that somebody wrote land where they say; those that follow from settings are judged by what the tool does.
  const derived = classes === null ? [] : bound.flows.map(({ flow }) => flow);
  const deviations = describeDeviations(listDeviations(derived, bound.capture, sandbox.addresses), "flow");
  const notices = [...describeTakenPorts(bound.capture, bound.listen), ...deviations, ...inert];
  const omissions = isOurs ? [] : findOmissions(bound, rules, sandbox.addresses);
  const first = await driveDoubtfulFirst(bound.flows, predictions, sandbox);
  const observations = await lookAgain(bound.flows, first, predictions, sandbox, options.onSilence);
  const coverage = options.coverage === "measured" ? await measureCoverage(bound, sandbox) : null;
  const judged = bound.flows.map((flow, i) => judgeFlow(flow, observations[i], predictions[i] ?? null));
  const ended = judgeEnds(judged, bound, observations, rules, sandbox.addresses);
  const attributed = await attributeFlows(ended, bound.flows, sandbox);
  const flows = nameWantedRules(attributed, bound, rules, sandbox.addresses);
  return { ...assemble(bound, flows, coverage), notices, omissions };
}

function nameWantedRules(
  flows: readonly FlowReport[],
  bound: BoundScenario,
  tested: PodRules,
  addresses: SandboxAddresses,
): readonly FlowReport[] {
  if (flows.every(({ verdict }) => verdict !== "wrong")) return flows;
  const find = makeWantedRuleFinder(bound, tested, addresses);
  return flows.map((flow, i) => {
    const request = bound.flows[i];
    if (flow.verdict !== "wrong" || !request) return flow;
    // Where the end behind a real Envoy is wrong, the rule is wanted that takes what Envoy dials.
    const isEnd = flow.observed === flow.forwarded;
    const wanted = isEnd ? { ...request, manner: "forward" as const, expected: flow.expected } : request;
    return { ...flow, wanted: find(wanted, flow.rulesBy === "counters" ? flow.rules : null) };
  });
}

function reportBlind(bound: BoundScenario, cause: string): ScenarioReport {
  const landing = makeBlind("no-sandbox", cause);
  const flows = bound.flows.map((flow) => judgeFlow(flow, { landing, durationMs: 0 }, null));
  return assemble(bound, flows, null);
}

function assemble(bound: BoundScenario, flows: readonly FlowReport[], coverage: CoverageReport | null): ScenarioReport {
  const { name, claim, requiredBy, capture: own, notLookedAt, asked } = bound;
  const { mesh, settings, firstFormat } = own;
  const capture = firstFormat === "kept" ? settings : null;
  return {
    name,
    claim,
    requiredBy,
    mesh,
    settings,
    capture,
    flows,
    classes: null,
    ...(asked ? { asked: reportAsked(asked.patterns, flows, asked.among) } : {}),
    notLookedAt,
    coverage,
    notices: [],
    omissions: [],
  };
}

function nameScenario(error: unknown, name: string): unknown {
  if (!(error instanceof LandfallError)) return error;
  return new LandfallError(error.code, `Scenario ${name}: ${error.message}`, {
    findings: error.findings,
    cause: error,
  });
}
