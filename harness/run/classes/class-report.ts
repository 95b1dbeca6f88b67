import { meetsExpectation } from "../../model/expectation.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { ClassReport, FlowReport } from "../../model/report.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";
import type { ClassPlan } from "./class-plan.ts";
import { doubtInvalid } from "./invalid-packets.ts";

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
  return { total: classes.length, protocols, driven: specified.length - left, unspecified, left, remaining, failure };
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

/**
 * Gives of each flow that lands as demanded or not, depending on what is not known or cannot be made on purpose, on what it depends. That
 * it was seen to land once says nothing of the next time.
 */
function findDoubts(
  { spec, flows, capture }: BoundScenario,
  rules: PodRules,
  addresses: SandboxAddresses,
): ReadonlyMap<string, string> {
  const { invalidPackets } = capture.contractFor(addresses);
  const simulator = compilePod(doubtInvalid(rules, invalidPackets ?? "unsaid"), spec, addresses);
  const doubts = flows
    .filter(({ manner }) => manner === "answer")
    .flatMap(({ flow, expected }) => {
      const { possible, unknown } = simulator.explain(flow, "answer", () => "");
      const meetsDemand = possible.length > 0 && possible.every((landing) => meetsExpectation(expected, landing));
      return unknown.length === 0 || meetsDemand
        ? []
        : [
            [
              renderFlowText(flow.spec),
              `its landing depends on something unknown: ${[...new Set(unknown)].join("; ")}`,
            ] as const,
          ];
    });
  return new Map(doubts);
}
