import { quoteRule } from "../../formats/rule-text.ts";
import type { CauseReport } from "../../model/cause-report.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { FlowReport } from "../../model/report.ts";
import type { Rule, RulePlace } from "../../model/ruleset.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import { findDecidingStep, listPlaces, listSteps } from "../../netfilter/steps.ts";
import { describeRule } from "../../report/landing-phrase.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";
import { isStranger, type KnownRules } from "./known-rules.ts";

/** Says what to change where a rule is at fault, or missing; `flow` is one of those that show it. */
export function findRemedy(
  { kind, rule, wanted }: Pick<CauseReport, "kind" | "rule" | "wanted">,
  flow: FlowReport,
  bound: BoundScenario,
  known: KnownRules,
  addresses: SandboxAddresses,
): string {
  const own = wanted === null ? null : findOwnRule(flow, bound, addresses);
  const like = own === null ? "" : `; the mesh's own rule for them is ${describeRule(own)}`;
  switch (kind) {
    case "other-target":
      return "change this rule to the required one";
    case "missing-rule":
      return wanted === null ? "add the missing rule" : placeMissing(wanted, flow);
    case "deciding-rule":
      return rule !== null && isStranger(rule, known) && wanted === null
        ? "remove this rule, or change the settings if they are to allow what it does"
        : `change this rule, or let another one take these flows before it${like}`;
    case "no-rule":
      return `add a rule that takes these flows${like}`;
    case "routing":
      return "add the policy routing";
    case "expectation":
      return "correct what the scenario expects, or its settings";
  }
}

/** Gives the rule that decides where a flow lands under the rules that the mesh's own tool would put in. */
function findOwnRule(
  flow: FlowReport,
  { capture, spec }: BoundScenario,
  addresses: SandboxAddresses,
): RulePlace | null {
  if (capture.generated === null) return null;
  const quote = (chain: string, rule: Rule) => quoteRule(chain, rule, flow.family);
  const { connections } = compilePod(capture.generated, spec, addresses).explain(flow, flow.manner, quote);
  const step = findDecidingStep(listSteps(connections));
  return step ? (listPlaces([step])[0] ?? null) : null;
}

/** Before the rule of the same chain that takes the flow instead, or else at the chain's end. */
function placeMissing({ family, table, chain }: RulePlace, { rules }: FlowReport): string {
  const instead = rules.find((each) => each.family === family && each.table === table && each.chain === chain);
  if (instead === undefined) return `add the missing rule to the chain ${chain}`;
  const at = instead.file === undefined ? "" : ` (${instead.file}:${instead.line})`;
  return `insert the missing rule before ${chain} ${instead.index}${at}`;
}
