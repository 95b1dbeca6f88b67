import { LandfallError } from "../errors.ts";
import { type Landing, landingsAgree, makeLanding } from "../model/landing.ts";
import type { CoverageReport, FlowReport, FlowVerdict, ScenarioReport } from "../model/report.ts";
import type { RulePlace } from "../model/ruleset.ts";
import type { Observation, Sandbox } from "../sandbox/sandbox.ts";
import { type BoundFlow, type BoundScenario, bindScenario } from "./bound-scenario.ts";
import { findBlindness } from "./canary.ts";
import { findCountedRules, measureCoverage } from "./counted-rules.ts";
import type { ParsedScenario } from "./parsed-scenario.ts";
import { type Prediction, predictFlows } from "./prediction.ts";

/** Flows of one scenario share no socket and no token, so they can be in flight together. */
const IN_FLIGHT = 64;
/** At most so many flows of a scenario are driven again, alone, for the rules that counted them: each may cost a time-out. */
const DRIVEN_AGAIN = 20;

/** What a run may be asked for beside landings. */
export interface ScenarioRunOptions {
  readonly coverage?: "measured" | "not-measured";
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
    const blindBefore = await findBlindness(sandbox, bound, "Before the rules");
    const { report, rules } = await runWithRules(bound, sandbox, options);
    if (rules === "keep") return { report, sandbox: "usable" };
    const blindness = blindBefore ?? (await findBlindness(sandbox, bound, "After the rules"));
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
  const predictions = await predictFlows(bound, sandbox);
  const observations = await sandbox.drive(bound.flows, { inFlight: IN_FLIGHT });
  const coverage = options.coverage === "measured" ? measureCoverage(await sandbox.counters()) : null;
  const judged = bound.flows.map((flow, i) => judgeFlow(flow, observations[i], predictions[i] ?? null));
  return assemble(bound, await attributeFlows(judged, bound, sandbox), coverage);
}

function judgeFlow(bound: BoundFlow, observation: Observation | undefined, prediction: Prediction | null): FlowReport {
  const observed = observation?.landing ?? makeLanding("could-not-look", { cause: "the sandbox gave no observation" });
  const isPredicted = prediction !== null && landingsAgree(prediction.landing, observed);
  return {
    ...bound.flow,
    manner: bound.manner,
    expected: bound.expected,
    predicted: prediction?.landing ?? null,
    observed,
    verdict: judgeLanding(bound.expected, observed),
    rules: isPredicted ? prediction.rules : [],
    rulesBy: isPredicted ? "prediction" : "nobody",
    durationMs: observation?.durationMs ?? 0,
  };
}

function judgeLanding(expected: Landing, observed: Landing): FlowVerdict {
  if (observed.kind === "could-not-look") return "could-not-look";
  return landingsAgree(expected, observed) ? "pass" : "wrong";
}

/** Drives each flow that landed wrong, or where nobody predicted, once more and alone, and names the rules that counted it. */
async function attributeFlows(
  flows: readonly FlowReport[],
  bound: BoundScenario,
  sandbox: Sandbox,
): Promise<readonly FlowReport[]> {
  const attributed = [...flows];
  const wrong = flows.flatMap(({ verdict }, i) => (verdict === "wrong" ? [i] : []));
  for (const i of wrong.slice(0, DRIVEN_AGAIN)) {
    const [flow, request] = [flows[i], bound.flows[i]];
    if (!flow || !request) continue;
    const rules = await attributeFlow(flow.observed, request, sandbox);
    if (rules !== null) attributed[i] = { ...flow, rules: sortAs(flow.rules, rules), rulesBy: "counters" };
  }
  return attributed;
}

/** Gives the rules that counted the flow alone, or null where it landed elsewhere this time, so that they say nothing about the first. */
async function attributeFlow(
  observed: Landing,
  request: BoundFlow,
  sandbox: Sandbox,
): Promise<readonly RulePlace[] | null> {
  const before = await sandbox.counters();
  const [again] = await sandbox.drive([request]);
  const after = await sandbox.counters();
  const isSame = again !== undefined && landingsAgree({ ...observed, source: null }, again.landing);
  return isSame ? findCountedRules(before, after) : null;
}

/** Counters tell no order; the prediction does, where it holds. What it does not name comes last. */
function sortAs(predicted: readonly RulePlace[], counted: readonly RulePlace[]): readonly RulePlace[] {
  const placeOf = ({ table, chain, index }: RulePlace) => {
    const found = predicted.findIndex((each) => each.table === table && each.chain === chain && each.index === index);
    return found < 0 ? predicted.length : found;
  };
  return counted.toSorted((a, b) => placeOf(a) - placeOf(b));
}

function reportBlind(bound: BoundScenario, cause: string): ScenarioReport {
  const landing = makeLanding("could-not-look", { cause });
  const flows = bound.flows.map((flow) => judgeFlow(flow, { landing, durationMs: 0 }, null));
  return assemble(bound, flows, null);
}

function assemble(bound: BoundScenario, flows: readonly FlowReport[], coverage: CoverageReport | null): ScenarioReport {
  return { name: bound.name, claim: bound.claim, capture: bound.config, flows, coverage };
}

function nameScenario(error: unknown, name: string): unknown {
  if (!(error instanceof LandfallError)) return error;
  return new LandfallError(error.code, `Scenario ${name}: ${error.message}`, {
    findings: error.findings,
    cause: error,
  });
}
