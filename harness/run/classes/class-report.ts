import { type CompareElement, type CompareMatch, STATE_BITS } from "../../model/compare.ts";
import { meetsExpectation } from "../../model/expectation.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import type { Match } from "../../model/match.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { ClassReport, FlowReport } from "../../model/report.ts";
import { listMatches, replaceMatches } from "../../model/rule-parts.ts";
import type { PodRules, Ruleset, Table } from "../../model/ruleset.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";
import type { ClassPlan } from "./class-plan.ts";

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
  { spec, flows }: BoundScenario,
  rules: PodRules,
  addresses: SandboxAddresses,
): ReadonlyMap<string, string> {
  const simulator = compilePod(doubtRules(rules), spec, addresses);
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

/** No flow makes an INVALID packet on purpose, and any may have one: whether a packet is one is not known. */
function doubtRules(rules: PodRules): PodRules {
  return { ...rules, ip: doubtRuleset(rules.ip), ip6: doubtRuleset(rules.ip6) };
}

function doubtRuleset(ruleset: Ruleset | null): Ruleset | null {
  return ruleset && { ...ruleset, tables: ruleset.tables.map(doubtTable) };
}

/** No INVALID packet comes to nat (nf_nat_inet_fn in net/netfilter/nf_nat_core.c). */
function doubtTable(table: Table): Table {
  if (
    table.name === "nat" ||
    !table.chains.some(({ rules }) => rules.some((rule) => listMatches(rule).some(asksForInvalid)))
  )
    return table;
  const chains = table.chains.map((chain) => ({
    ...chain,
    rules: chain.rules.map((rule) => replaceMatches(rule, doubtMatch)),
  }));
  return { ...table, chains };
}

function asksForInvalid(match: Match): boolean {
  if (match.kind === "state") return match.states.includes("INVALID");
  return match.kind === "compare" && asksForState(match, STATE_BITS.invalid);
}

/** Says whether a comparison of `ct state` comes out otherwise for a packet in a state. */
function asksForState({ keys, elements }: CompareMatch, bit: number): boolean {
  return keys.some(({ name }, i) => {
    const asks = (range: CompareElement[number] | undefined) =>
      range !== undefined && "first" in range && (range.first & BigInt(bit)) !== 0n;
    return name === "ct state" && elements.some((element) => asks(element[i]));
  });
}

function doubtMatch(match: Match): Match {
  return asksForInvalid(match) ? { kind: "unknown", text: "whether a packet is INVALID" } : match;
}
