import { quoteRule } from "../../formats/rule-text.ts";
import type { CauseReport } from "../../model/cause-report.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { FlowReport } from "../../model/report.ts";
import { type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import type { PodRules, Rule } from "../../model/ruleset.ts";
import type { Simulator } from "../../netfilter/simulator.ts";
import { findDecidingStep, listPlaces } from "../../netfilter/steps.ts";
import { describeRule } from "../../report/landing-phrase.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";
import { isStranger, type KnownRules } from "./known-rules.ts";
import { findTakenBefore, namePlace } from "./rule-order.ts";

/** What a remedy is tried on: a run under the rules that were in. */
export interface Tried {
  /** The flows of the run that landed as expected. */
  readonly passed: readonly FlowReport[];
  readonly bound: BoundScenario;
  readonly rules: PodRules;
  /** Those of the mesh's own tool, with the chain names of the rules under test; without rules where the capture has none. */
  readonly own: PodRules;
  /** The pod with those rules in it. */
  readonly ownPod: Simulator;
  readonly known: KnownRules;
  readonly addresses: SandboxAddresses;
}

/** A cause with its flows; `remedy` is what to change, null where nobody has tried it. */
export interface TracedCause {
  readonly cause: Omit<CauseReport, "flows" | "breaks" | "clauses" | "remedy">;
  readonly remedy?: string | null;
  readonly flows: readonly [FlowReport, ...FlowReport[]];
}

/** Says what to change where a rule is at fault, or missing; `flow` is one of those that show it. */
export function findRemedy(
  { kind, rule, wanted }: Pick<CauseReport, "kind" | "rule" | "wanted">,
  flow: FlowReport,
  tried: Tried,
): string {
  switch (kind) {
    case "other-target":
      return "change this rule to the required one";
    case "missing-rule":
      return wanted === null ? "add the missing rule" : placeMissing(wanted, flow, rule);
    case "deciding-rule":
      return correctDeciding(rule, wanted, flow, tried);
    case "no-rule":
      if (flow.decidedBy?.kind === "policy")
        return `accept these flows in the chain ${flow.decidedBy.policy}, or set its policy to ACCEPT`;
      return `add a rule that takes these flows${nameOwn(wanted === null ? null : findOwnRule(flow, tried))}`;
    case "routing":
      return "add the policy routing";
    case "expectation":
      return "correct what the scenario expects, or its settings";
  }
}

function correctDeciding(rule: RulePlace | null, wanted: RulePlace | null, flow: FlowReport, tried: Tried): string {
  const there = flow.wanted?.nearest?.rule;
  const isOdd = rule !== null && isStranger(rule, tried.known);
  if (there && wanted !== null && findTakenBefore(there, wanted, flow.rules) !== null)
    return isOdd
      ? "remove or correct this rule, or change the settings if they are to allow what it does"
      : `move ${namePlace(there)} before this rule`;
  if (isOdd && wanted === null) return "remove this rule, or change the settings if they are to allow what it does";
  const own = wanted === null ? null : findOwnRule(flow, tried);
  return `change this rule, or let another one take these flows before it${nameOwn(own)}`;
}

function nameOwn(own: RulePlace | null): string {
  return own === null ? "" : `; the mesh's own rule for them is ${describeRule(own)}`;
}

/** Gives the rule that decides where a flow lands under the rules that the mesh's own tool would put in. */
export function findOwnRule(flow: FlowReport, { bound: { capture }, ownPod }: Tried): RulePlace | null {
  if (capture.generated === null) return null;
  const quote = (chain: string, rule: Rule) => quoteRule(chain, rule, flow.family);
  const { connections } = ownPod.explain(flow, flow.manner, quote);
  const step = findDecidingStep(connections);
  return step ? (listPlaces([step])[0] ?? null) : null;
}

/** Before the rule of the same chain that takes the flow instead, or else at the chain's end. */
function placeMissing({ family, table, chain }: RulePlace, { rules }: FlowReport, taker: RulePlace | null): string {
  const instead = rules.find((each) => each.family === family && each.table === table && each.chain === chain);
  return instead === undefined ? `add the missing rule to the chain ${chain}` : insertBefore(instead, taker);
}

/** Says before which rule a missing one is to stand. The text of `taker`, the rule that takes the flows instead, is told already. */
export function insertBefore(place: RulePlace, taker: RulePlace | null): string {
  const isTold = taker !== null && renderPlaceKey(taker) === renderPlaceKey(place);
  return `insert the missing rule before ${isTold ? namePlace(place) : `${place.rule}, which is ${namePlace(place)}`}`;
}
