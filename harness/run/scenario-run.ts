import { LandfallError } from "../errors.ts";
import { landingsAgree, makeLanding } from "../model/landing.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import type { CoverageReport, FlowReport, ScenarioReport } from "../model/report.ts";
import type { PodRules } from "../model/ruleset.ts";
import type { Observation, Sandbox } from "../sandbox/sandbox.ts";
import { attributeFlows } from "./attribution.ts";
import { type BoundFlow, type BoundScenario, bindScenario } from "./bound-scenario.ts";
import { findBlindness } from "./canary.ts";
import { measureCoverage } from "./coverage.ts";
import { describeInertRules } from "./inert-rules.ts";
import { judgeFlow } from "./judged-flow.ts";
import { findOmissions } from "./omissions.ts";
import type { ParsedScenario } from "./parsed-scenario.ts";
import { describeTakenPorts } from "./pod-spec.ts";
import { type Prediction, predictFlows, readRules } from "./prediction.ts";
import { lookAgain } from "./second-look.ts";
import { makeWantedRuleFinder } from "./wanted-rule.ts";

/** Flows of one scenario share no socket and no token, so they can be in flight together. */
const IN_FLIGHT = 64;

/** What a run may be asked for beside landings. */
export interface ScenarioRunOptions {
  readonly coverage?: "measured" | "not-measured";
  /** `outside`: the rules come from the user, and what of them does not apply is told. */
  readonly rulesFrom?: "outside" | "scenario";
  /** `forward`: flows of that manner alone, the only ones that a real Envoy treats as the stub does. */
  readonly manners?: "all" | "forward";
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
  const bound = selectFlows(bindScenario(scenario, sandbox.addresses), options);
  try {
    await sandbox.enter(bound.spec);
    const families = [...new Set(bound.flows.map(({ flow }) => flow.family))];
    const blindBefore = await findBlindness(sandbox, { ...bound, families }, "Before the rules");
    const { report, rules } = await runWithRules(bound, sandbox, options);
    if (rules === "keep") return { report, sandbox: "usable" };
    const blindness = blindBefore ?? (await findBlindness(sandbox, { ...bound, families }, "After the rules"));
    return { report: blindness === null ? report : reportBlind(bound, blindness), sandbox: "usable" };
  } catch (error) {
    if (!(error instanceof LandfallError) || error.code !== "agent-failed") throw nameScenario(error, scenario.name);
    return { report: reportBlind(bound, error.message), sandbox: "broken" };
  }
}

function selectFlows(bound: BoundScenario, { manners = "all" }: ScenarioRunOptions): BoundScenario {
  return { ...bound, flows: bound.flows.filter(({ manner }) => manners === "all" || manner === manners) };
}

/** Installs, drives and judges; whatever happens the rules are out again, unless they are to be kept. */
async function runWithRules(bound: BoundScenario, sandbox: Sandbox, options: ScenarioRunOptions) {
  let rules: "clear" | "keep" = "clear";
  try {
    await sandbox.install(bound.installation);
    const report = await driveScenario(bound, sandbox, options);
    rules = (await options.onRulesIn?.(report, sandbox)) ?? "clear";
    return { report, rules };
  } finally {
    if (rules === "clear") await sandbox.clear();
  }
}

async function driveScenario(
  bound: BoundScenario,
  sandbox: Sandbox,
  options: ScenarioRunOptions,
): Promise<ScenarioReport> {
  const rules = await readRules(bound.installation, sandbox);
  const predictions = predictFlows(bound, rules, sandbox.addresses);
  const isOurs = options.rulesFrom !== "outside";
  const inert = isOurs ? [] : describeInertRules({ ...bound, kernel: await sandbox.counters() });
  const notices = [...describeTakenPorts(bound.config, bound.listen), ...inert];
  const omissions = isOurs ? [] : findOmissions(bound, rules, sandbox.addresses);
  const first = await driveDoubtfulFirst(bound.flows, predictions, sandbox);
  const observations = await lookAgain(bound.flows, first, predictions, sandbox);
  const coverage = options.coverage === "measured" ? await measureCoverage(bound, sandbox) : null;
  const judged = bound.flows.map((flow, i) => judgeFlow(flow, observations[i], predictions[i] ?? null));
  const attributed = await attributeFlows(judged, bound.flows, sandbox);
  const flows = nameWantedRules(attributed, bound, rules, sandbox.addresses);
  return { ...assemble(bound, flows, coverage), notices, omissions };
}

/** Drives flows that the simulator lands elsewhere than demanded ahead of the others; gives the observations in the flows' order. */
async function driveDoubtfulFirst(
  flows: readonly BoundFlow[],
  predictions: readonly Prediction[],
  sandbox: Sandbox,
): Promise<readonly Observation[]> {
  const isDoubtful = (i: number) => {
    const [flow, predicted] = [flows[i], predictions[i]];
    return flow !== undefined && predicted !== undefined && !landingsAgree(flow.expected, predicted.landing);
  };
  const order = [...flows.keys()].sort((a, b) => Number(isDoubtful(b)) - Number(isDoubtful(a)));
  const requests = order.flatMap((i) => flows[i] ?? []);
  const seen = await sandbox.drive(requests, { inFlight: IN_FLIGHT });
  return flows.map((_, i) => seen[order.indexOf(i)]).filter((each) => each !== undefined);
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
    return flow.verdict === "wrong" && request ? { ...flow, wanted: find(request) } : flow;
  });
}

function reportBlind(bound: BoundScenario, cause: string): ScenarioReport {
  const landing = makeLanding("could-not-look", { cause });
  const flows = bound.flows.map((flow) => judgeFlow(flow, { landing, durationMs: 0 }, null));
  return assemble(bound, flows, null);
}

function assemble(bound: BoundScenario, flows: readonly FlowReport[], coverage: CoverageReport | null): ScenarioReport {
  return { name: bound.name, claim: bound.claim, capture: bound.config, flows, coverage, notices: [], omissions: [] };
}

function nameScenario(error: unknown, name: string): unknown {
  if (!(error instanceof LandfallError)) return error;
  return new LandfallError(error.code, `Scenario ${name}: ${error.message}`, {
    findings: error.findings,
    cause: error,
  });
}
