import type { FlowReport, ScenarioReport } from "../../model/report.ts";
import type { PodRules } from "../../model/ruleset.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { judgeFlow } from "../judged-flow.ts";
import { predictFlows, readRulesInPod } from "../prediction.ts";
import { reportAsked } from "../scenario/asked-flows.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";
import { IN_FLIGHT, lookAgain } from "../second-look.ts";
import { withInstalled } from "../with-installed.ts";
import { listPlanned, narrowPlan } from "./asked-classes.ts";
import { DEFAULT_MAX_FLOWS, planClasses } from "./class-plan.ts";
import { listDoubts, reportClasses } from "./class-report.ts";

/** The classes of one scenario's flows in the course of its run. */
export interface ClassRun {
  /** The scenario with the flows that its classes need beside its own. */
  readonly scenario: BoundScenario;
  /** Gives all flows with what became of each class, from the flows of that scenario. */
  readonly complete: (flows: readonly FlowReport[]) => Pick<ScenarioReport, "flows" | "classes" | "asked">;
}

/** How many flows of a scenario's classes are driven, and which. */
export interface ClassChoice {
  /** Flows that may be driven at most; {@link DEFAULT_MAX_FLOWS} if left out. Where some are asked for, these are driven. */
  readonly maxFlows?: number;
  /** Patterns of the flows that alone are asked for; all if left out. */
  readonly patterns?: readonly string[];
}

/**
 * Finds the classes of a scenario's flows, and drives at once those that need a pod with another link. No rules may be in; afterwards none
 * are. Throws what {@link Sandbox.install} throws, and `bad-input` where a pattern asks for none of the flows.
 */
export async function openClasses(
  bound: BoundScenario,
  sandbox: Sandbox,
  { maxFlows = DEFAULT_MAX_FLOWS, patterns }: ClassChoice,
): Promise<ClassRun> {
  const rules = await learnRules(bound, sandbox);
  const most = patterns === undefined ? maxFlows : Number.POSITIVE_INFINITY;
  const whole = planClasses(bound, rules, sandbox.addresses, most);
  const plan = patterns === undefined ? whole : narrowPlan(whole, patterns, sandbox.addresses);
  const elsewhere: FlowReport[] = [];
  for (const pod of plan.further) elsewhere.push(...(await driveIn(pod, rules, sandbox)));
  return {
    scenario: plan.scenario,
    complete: (flows) => {
      const all = [...flows, ...elsewhere];
      if (patterns === undefined) return { flows: all, classes: reportClasses(plan, all, rules, sandbox.addresses) };
      const doubts = listDoubts(plan, rules, sandbox.addresses);
      const remaining = [...doubts].map(([flow, why]) => ({ flow, why }));
      const report = reportAsked(patterns, all, listPlanned(whole));
      return { flows: all, classes: null, asked: { ...report, remaining, failure: whole.failure } };
    },
  };
}

/** What a script puts in is known only once it has run. */
async function learnRules(bound: BoundScenario, sandbox: Sandbox): Promise<PodRules> {
  if (bound.installation.kind !== "script") return bound.installation.rules;
  await sandbox.enter(bound.spec);
  return withInstalled(sandbox, bound.installation, () => readRulesInPod(bound.installation, sandbox));
}

async function driveIn(pod: BoundScenario, rules: PodRules, sandbox: Sandbox): Promise<readonly FlowReport[]> {
  await sandbox.enter(pod.spec);
  const predictions = predictFlows(pod, rules, sandbox.addresses);
  const observations = await withInstalled(sandbox, pod.installation, async () => {
    const first = await sandbox.drive(pod.flows, { inFlight: IN_FLIGHT });
    return lookAgain(pod.flows, first, predictions, sandbox);
  });
  return pod.flows.map((flow, i) => judgeFlow(flow, observations[i], predictions[i] ?? null));
}
