import { meetsExpectation } from "../../model/expectation.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import type { LandingKind } from "../../model/landing.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { ClassReport, FlowReport } from "../../model/report.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";
import type { ClassPlan } from "./class-plan.ts";
import { assumeInvalid, doubtInvalid } from "./invalid-packets.ts";

/**
 * Gives how many classes were planned, how many were driven, and for each that was not, or whose landing cannot be relied on, a flow of it
 * and why: `{ flow: "client -> pod:22", why: "it was not driven" }`. `flows` are the reports of all flows that were driven.
 */
export function reportClasses(
  plan: ClassPlan,
  flows: readonly FlowReport[],
  rules: PodRules,
  addresses: SandboxAddresses,
): ClassReport {
  const { classes, protocols, failure } = plan;
  const answered = flows.filter(({ manner }) => manner === "answer");
  const reports = new Map(answered.map((report) => [report.flow, report]));
  const doubts = listDoubts(plan, rules, addresses);
  const specified = classes.filter(({ demand }) => demand === "specified");
  const unspecified = classes.length - specified.length;
  const remaining = specified.flatMap(({ flow: { spec }, why }) => {
    const flow = renderFlowText(spec);
    const reason = why ?? doubts.get(flow) ?? whyNotSeen(reports.get(flow));
    return reason === null ? [] : [{ flow, why: reason }];
  });
  const left = remaining.length;
  const boundaryFlows = flows.filter(({ chosenFor }) => chosenFor === "claim").length;
  const counts = { boundaryFlows, classFlows: flows.length - boundaryFlows };
  const driven = specified.length - left;
  return { total: classes.length, protocols, ...counts, driven, unspecified, left, remaining, failure };
}

function whyNotSeen(report: FlowReport | undefined): string | null {
  if (report === undefined) return "it was not driven";
  return report.verdict === "could-not-look" ? (report.observed.cause ?? "it could not be observed") : null;
}

/** Gives of each planned flow whose landing cannot be relied on, by its text, on what it depends. */
export function listDoubts(
  { scenario, further }: ClassPlan,
  rules: PodRules,
  addresses: SandboxAddresses,
): ReadonlyMap<string, string> {
  return new Map([scenario, ...further].flatMap((pod) => [...findDoubts(pod, rules, addresses)]));
}

/** What a flow comes to whose first packets got through. */
const REACHED: ReadonlySet<LandingKind> = new Set(["listener", "loop", "replied", "reset", "unanswered"]);

/**
 * Gives of each flow that lands as demanded or not, depending on what is not known or cannot be made on purpose, on what it depends. That
 * it was seen to land once says nothing of the next time.
 */
function findDoubts(
  { spec, flows, capture }: BoundScenario,
  rules: PodRules,
  addresses: SandboxAddresses,
): ReadonlyMap<string, string> {
  const { dropsInvalid = [] } = capture.contractFor(addresses);
  const simulator = compilePod(doubtInvalid(rules, dropsInvalid), spec, addresses);
  const allInvalid = dropsInvalid.length === 0 ? null : compilePod(assumeInvalid(rules), spec, addresses);
  const doubts = flows
    .filter(({ manner }) => manner === "answer")
    .flatMap(({ flow, expected }): readonly (readonly [flow: string, why: string])[] => {
      const text = renderFlowText(flow.spec);
      const isAsked = flow.spec.protocol === "tcp" && dropsInvalid.includes(flow.family);
      if (isAsked && allInvalid && REACHED.has(allInvalid.land(flow, "answer").kind))
        return [[text, "settings ask that INVALID packets are dropped, and no rule drops those of this flow"]];
      const { possible, unknown } = simulator.explain(flow, "answer", () => "");
      const meetsDemand = possible.length > 0 && possible.every((landing) => meetsExpectation(expected, landing));
      if (unknown.length === 0 || meetsDemand) return [];
      return [[text, `its landing depends on something unknown: ${[...new Set(unknown)].join("; ")}`]];
    });
  return new Map(doubts);
}
