import { findExpectation } from "../../contract/expectation.ts";
import { firstConnection } from "../../contract/first-connection.ts";
import { ANOTHER_TAKES, type CauseReport, DOES_OTHERWISE } from "../../model/cause-report.ts";
import { meetsExpectation } from "../../model/expectation.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { FlowReport, WantedRule } from "../../model/report.ts";
import { type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import { NO_RULES, type PodRules } from "../../model/ruleset.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import { describeLanding } from "../../report/landing-phrase.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";
import { type FoundCause, joinAlike } from "./alike-causes.ts";
import { tellBrokenClauses } from "./broken-clauses.ts";
import {
  findDeciding,
  findRivalRule,
  isStranger,
  isThere,
  type KnownRules,
  leadsAway,
  learnKnownRules,
  settles,
  turnsAway,
} from "./known-rules.ts";
import { renameAsTested } from "./own-rules.ts";
import { findOwnRule, findRemedy } from "./remedy.ts";
import { findTakenBefore, namePlace, quotePlace } from "./rule-order.ts";
import { DECIDES, traceCauses } from "./traced-causes.ts";

type Cause = Omit<CauseReport, "flows" | "breaks" | "clauses" | "remedy">;

/**
 * Groups the flows that landed wrong by why they did: by the rule that took them and does something else, by the rule that is missing, or
 * else by the rule that decides. `tested` are the rules that were in.
 *
 * @example
 * findCauses(flows, bound, rules, addresses)[0]
 * // { kind: …, rule: { family: 4, table: "nat", chain: "ISTIO_REDIRECT", index: 1, … }, wanted: …, why: "this rule decides …",
 * //   remedy: "change this rule to the required one", flows: [{ flow: "app -> upstream:80", manner: "answer" }, …] }
 */
export function findCauses(
  flows: readonly FlowReport[],
  bound: BoundScenario,
  tested: PodRules,
  addresses: SandboxAddresses,
): readonly CauseReport[] {
  const wrong = flows.filter(({ verdict }) => verdict === "wrong");
  if (wrong.length === 0) return [];
  const own = renameAsTested(bound.capture.generated ?? NO_RULES, tested);
  const known = learnKnownRules(tested, own);
  const asked = new Set(bound.flows.map(({ flow, manner }) => `${manner} ${renderFlowText(flow.spec)}`));
  const passed = flows.filter(({ verdict, flow, manner }) => verdict === "pass" && asked.has(`${manner} ${flow}`));
  const ownPod = compilePod(own, bound.spec, addresses);
  const tried = { passed, bound, rules: tested, own, ownPod, known, addresses };
  const found = wrong.map((flow): FoundCause => {
    const cause = findContradiction(flow, bound, addresses) ?? findCause(flow, known);
    const isTurnedAway = cause.rule !== null && turnsAway(cause.rule, known);
    const clause = isTurnedAway ? null : findClause(flow, cause, bound, addresses);
    const isWhole = isTurnedAway || isOdd(cause, known) || isDropped(cause, flow);
    return { flow, cause, clause, isWhole, key: keyOf(cause, flow, isWhole, known) };
  });
  const places = new Map(wrong.map((flow, i) => [flow, i]));
  const placeOf = (flow: FlowReport) => places.get(flow) ?? 0;
  const groups = [...Map.groupBy(found, ({ key }) => key).values()].flatMap(joinAlike);
  return traceCauses(
    groups.flatMap((group) => {
      const [first, ...others] = group;
      return first ? [{ cause: first.cause, flows: [first.flow, ...others.map(({ flow }) => flow)] }] : [];
    }),
    tried,
  ).map(({ cause, remedy, flows: [first, ...others] }) => ({
    ...cause,
    // The rule that comes first on their way may lead to none that takes them.
    ...(cause.kind === "no-rule" && cause.wanted ? { wanted: findOwnRule(first, tried) ?? cause.wanted } : {}),
    ...(cause.kind === "expectation" ? {} : tellBrokenClauses([first, ...others], bound, addresses)),
    remedy: remedy ?? findRemedy(cause, first, tried),
    flows: [first, ...others].toSorted((a, b) => placeOf(a) - placeOf(b)).map(({ flow, manner }) => ({ flow, manner })),
  }));
}

/**
 * Gives the clause of the contract that a flow breaks where a rule takes it that should not, or none does: what its landing should have
 * been may differ from flow to flow. Null where that is not known: what the proxy dials on may break another clause than the flow itself.
 */
function findClause(
  flow: FlowReport,
  { kind }: Cause,
  { capture, spec }: BoundScenario,
  addresses: SandboxAddresses,
): string | null {
  if (flow.manner !== "answer" || kind === "other-target" || kind === "routing" || kind === "expectation") return null;
  const { demand, clauses } = capture.contractFor(addresses);
  const demanded = demand(firstConnection(flow, spec.shape));
  const clause = "clause" in demanded ? clauses.find(({ name }) => name === demanded.clause) : undefined;
  return clause ? `${clause.name}: ${clause.says}` : null;
}

/** Flows that do not differ in it may have one cause; what a rule takes that the mesh has not is one whatever was required. */
function keyOf(
  { kind, rule, wanted, why }: Cause,
  { observed }: FlowReport,
  isWhole: boolean,
  known: KnownRules,
): string {
  const [ruleKey, wantedKey] = [rule, wanted].map((place) => place && renderPlaceKey({ ...place, family: 4 }));
  // What no rule takes lands wherever it was dialled, and so does what a rule only lets go.
  if (kind === "no-rule") return JSON.stringify([kind, wanted?.chain, why]);
  if (kind === "other-target" || isWhole) return JSON.stringify([kind, ruleKey]);
  if (kind === "missing-rule") return JSON.stringify([kind, wantedKey]);
  if (kind === "routing" || kind === "expectation") return JSON.stringify([kind, why]);
  // A rule that stands before several others is said of each to stand before that one.
  if (rule !== null && !settles(rule, known)) return JSON.stringify([kind, ruleKey, why]);
  return JSON.stringify([kind, ruleKey, why, observed.kind, observed.listener]);
}

/** The settings' own rules land it where the settings demand: what is wrong is what the scenario expects. */
function findContradiction(flow: FlowReport, bound: BoundScenario, addresses: SandboxAddresses): Cause | null {
  const { capture, spec, installation } = bound;
  if (flow.chosenFor !== "claim" || installation.kind !== "capture" || flow.wanted !== null) return null;
  const demanded = findExpectation(capture, flow, flow.manner, addresses, spec);
  if (demanded === null || !meetsExpectation(demanded, flow.observed)) return null;
  const why = `the scenario expects a landing that its own settings do not demand: they demand ${describeLanding(demanded)}`;
  return { kind: "expectation", rule: flow.rules.at(-1) ?? null, wanted: null, why };
}

/** Says whether it is known of a rule not only that it decides, but also that the mesh has none like it. */
function isOdd({ kind, rule, why }: Cause, known: KnownRules): boolean {
  return kind === "deciding-rule" && rule !== null && why !== DECIDES && isStranger(rule, known);
}

function findCause(flow: FlowReport, known: KnownRules): Cause {
  const { wanted } = flow;
  const rule = findDeciding(flow.rules, known);
  if (wanted !== null && wanted.rule === null)
    return { kind: "routing", rule, wanted: null, why: `policy routing is missing: ${wanted.routing.join("; ")}` };
  const place = wanted?.rule ?? null;
  if (rule !== null && turnsAway(rule, known))
    return { kind: "deciding-rule", rule, wanted: null, why: "this rule turns these flows away" };
  if (wanted !== null && place !== null && !leadsAway(place, known))
    return compareRules(flow, wanted, place, {
      rule,
      taker: findRivalRule(flow.rules, place, known),
      isThere: isThere(place, known),
      isOurs: rule === null || !isStranger(rule, known) || !isThere(place, known),
    });
  const dropped = findDropped(flow);
  if (dropped !== null) return dropped;
  return rule === null
    ? { kind: "no-rule", rule, wanted: place, why: "no rule takes these flows" }
    : { kind: "deciding-rule", rule, wanted: place, why: DECIDES };
}

/** Says whether a policy is to blame. */
function isDropped({ kind, wanted }: Cause, { decidedBy }: FlowReport): boolean {
  return kind === "no-rule" && wanted === null && decidedBy?.kind === "policy";
}

/** What the policy of a chain drops has met every rule that it was to meet. */
function findDropped({ decidedBy }: FlowReport): Cause | null {
  if (decidedBy?.kind !== "policy") return null;
  const why = `the policy of the chain ${decidedBy.policy} drops these flows, or what answers them: no rule of it accepts them`;
  return { kind: "no-rule", rule: null, wanted: null, why };
}

/** The rules under test have the mesh's own chains: one of its rules is another there, or missing. */
function compareRules(
  flow: FlowReport,
  { nearest }: WantedRule,
  wanted: RulePlace,
  deciding: {
    readonly rule: RulePlace | null;
    readonly taker: RulePlace | null;
    readonly isOurs: boolean;
    readonly isThere: boolean;
  },
): Cause {
  const { rules } = flow;
  const isTaken = nearest && rules.some((each) => renderPlaceKey(each) === renderPlaceKey(nearest.rule));
  // A rule of another chain is there for other flows, however much it is like the one required.
  if (nearest && isTaken && nearest.rule.chain === wanted.chain) {
    return { kind: "other-target", rule: nearest.rule, wanted, why: DOES_OTHERWISE };
  }
  const before = nearest === null ? null : findTakenBefore(nearest.rule, wanted, rules, deciding.rule);
  if (nearest && before !== null) {
    const why = `this rule stands before ${namePlace(nearest.rule)}, which would take these flows: ${nearest.rule.rule}`;
    return { kind: "deciding-rule", rule: before, wanted, why };
  }
  const dropped = deciding.isThere ? findDropped(flow) : null;
  if (dropped !== null) return dropped;
  if (!deciding.isOurs) {
    const why = "this rule takes these flows, and the mesh has none like it";
    return { kind: "deciding-rule", rule: deciding.rule, wanted: null, why };
  }
  const taken = deciding.taker === null ? "no rule takes these flows" : ANOTHER_TAKES;
  const like = nearest
    ? `; the rule most like the missing one does not (${nearest.why}): ${quotePlace(nearest.rule)}`
    : "";
  return { kind: "missing-rule", rule: deciding.taker, wanted, why: `${taken}${like}` };
}
