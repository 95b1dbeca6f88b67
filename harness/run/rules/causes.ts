import { findExpectation } from "../../contract/expectation.ts";
import { listPlacedRules } from "../../formats/rule-places.ts";
import { renderRule } from "../../formats/rule-text.ts";
import { FAMILIES } from "../../model/address.ts";
import { isLanding, meetsExpectation } from "../../model/expectation.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { CauseReport, FlowReport, WantedRule } from "../../model/report.ts";
import { listNextChains, listTargets } from "../../model/rule-parts.ts";
import { familyKey, NO_RULES, type PodRules, type Rule, type RulePlace, renderPlaceKey } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { describeLanding } from "../../report/landing-phrase.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";

/** Says of a target whether it settles where a flow lands, whatever later rules accept. */
const SETTLES = {
  accept: false,
  drop: true,
  return: false,
  jump: false,
  goto: false,
  redirect: true,
  masquerade: false,
  notrack: true,
  track: false,
  log: false,
  tee: false,
  reject: true,
  counter: false,
  continue: false,
  unknown: false,
  statements: false,
  map: false,
  assign: false,
  "tproxy-socket": true,
  dnat: true,
  snat: false,
  tproxy: true,
  mark: false,
  "connmark-set": false,
  "connmark-save": false,
  "connmark-restore": false,
  zone: true,
  "hop-limit": false,
  "side-effect": false,
} satisfies Record<Target["kind"], boolean>;

type Cause = Omit<CauseReport, "flows">;

/** What is known of the rules under test, and of those that the mesh's own tool has. */
interface Known {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly own: ReadonlyMap<string, Rule>;
  /** Chains under test, `4 nat OUTPUT`, those without a rule too. */
  readonly chains: ReadonlySet<string>;
}

function mapRules(rules: PodRules): ReadonlyMap<string, Rule> {
  const placed = FAMILIES.flatMap((family) => listPlacedRules(rules[familyKey(family)]));
  return new Map(placed.map(({ place, rule }) => [renderPlaceKey(place), rule]));
}

function listChains(rules: PodRules): ReadonlySet<string> {
  const names = FAMILIES.flatMap((family) =>
    (rules[familyKey(family)]?.tables ?? []).flatMap(({ name, chains }) =>
      chains.map((chain) => `${family} ${name} ${chain.name}`),
    ),
  );
  return new Set(names);
}

/**
 * Groups the flows that landed wrong by why they did: by the rule that took them and does something else, by the rule that is missing, or
 * else by the rule that decides. `tested` are the rules that were in.
 */
export function findCauses(
  flows: readonly FlowReport[],
  bound: BoundScenario,
  tested: PodRules,
  addresses: SandboxAddresses,
): readonly CauseReport[] {
  const known: Known = {
    rules: mapRules(tested),
    own: mapRules(bound.capture.generated ?? NO_RULES),
    chains: listChains(tested),
  };
  const wrong = flows.filter(({ verdict }) => verdict === "wrong");
  const found = wrong.map((flow) => {
    const cause = findContradiction(flow, bound, addresses) ?? findCause(flow, known);
    return { flow, cause, key: keyOf(cause, flow, cause.rule !== null && turnsAway(cause.rule, known)) };
  });
  return [...Map.groupBy(found, ({ key }) => key).values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ ...first.cause, flows: group.map(({ flow: { flow, manner } }) => ({ flow, manner })) }] : [];
  });
}

/** Flows of one rule are one cause where the same was required of them; what a rule drops or rejects is one whatever was. */
function keyOf({ kind, rule, wanted, why }: Cause, { observed, expected }: FlowReport, ends: boolean): string {
  const [ruleKey, wantedKey] = [rule, wanted].map((place) => place && renderPlaceKey({ ...place, family: 4 }));
  if (kind === "other-target" || ends) return JSON.stringify([kind, ruleKey]);
  if (kind === "missing-rule") return JSON.stringify([kind, wantedKey]);
  if (kind === "routing") return JSON.stringify([kind, why]);
  const required = isLanding(expected) ? (expected.hops[0]?.listener ?? expected.listener) : expected.kind;
  return JSON.stringify([kind, ruleKey, observed.kind, observed.listener, required]);
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

function findCause(flow: FlowReport, known: Known): Cause {
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
      isOurs: rule === null || !isStranger(rule, known) || !isThere(place, known),
    });
  return rule === null
    ? { kind: "no-rule", rule, wanted: place, why: "no rule takes these flows" }
    : { kind: "deciding-rule", rule, wanted: place, why: "this rule decides where these flows land" };
}

/** The rules under test have the mesh's own chains: one of its rules is another there, or missing. */
function compareRules(
  { rules }: FlowReport,
  { nearest }: WantedRule,
  wanted: RulePlace,
  deciding: { readonly rule: RulePlace | null; readonly isOurs: boolean },
): Cause {
  const isTaken = nearest && rules.some((each) => renderPlaceKey(each) === renderPlaceKey(nearest.rule));
  // A rule of another chain is there for other flows, however much it is like the one required.
  if (nearest && isTaken && nearest.rule.chain === wanted.chain) {
    const why = "the rule takes these flows, and does something else than the required rule";
    return { kind: "other-target", rule: nearest.rule, wanted, why };
  }
  if (!deciding.isOurs) {
    const why = "this rule takes these flows, and the mesh has none like it";
    return { kind: "deciding-rule", rule: deciding.rule, wanted: null, why };
  }
  const taker = deciding.rule === null ? "no rule takes these flows" : "the rule above takes these flows";
  const like = nearest ? `; the most similar is ${nearest.rule.chain} ${nearest.rule.index}: ${nearest.why}` : "";
  return { kind: "missing-rule", rule: deciding.rule, wanted, why: `${taker}${like}` };
}

/** Says whether a rule of the mesh stands in, or leads to, a chain that the rules under test do not have: they have names of their own. */
function leadsAway(place: RulePlace, { own, chains }: Known): boolean {
  const { family, table, chain } = place;
  const rule = own.get(renderPlaceKey(place));
  return [chain, ...(rule ? listNextChains(rule) : [])].some((name) => !chains.has(`${family} ${table} ${name}`));
}

/** Says whether a rule is one that the mesh has not, wherever in the chain it stands. */
function isStranger(place: RulePlace, { rules, own }: Known): boolean {
  const rule = rules.get(renderPlaceKey(place));
  if (rule === undefined) return false;
  const print = (each: Rule, { chain, family }: RulePlace) => renderRule(chain, each, family);
  const text = print(rule, place);
  return ![...own.values()].some((each) => print(each, place) === text);
}

/** Says whether the rules under test have a rule of the mesh's, wherever it stands: then it is another rule that keeps flows from it. */
function isThere({ family, table, rule: text }: RulePlace, { rules }: Known): boolean {
  return [...rules].some(([key, rule]) => {
    const [own, ownTable, chain = ""] = key.split(" ");
    return own === String(family) && ownTable === table && renderRule(chain, rule, family) === text;
  });
}

/** Says whether a rule that the mesh has not drops or rejects: nothing else needs to be known of the flows that meet it. */
function turnsAway(place: RulePlace, known: Known): boolean {
  const rule = known.rules.get(renderPlaceKey(place));
  const ends = rule !== undefined && listTargets(rule).some(({ kind }) => kind === "drop" || kind === "reject");
  return ends && isStranger(place, known);
}

/**
 * The last rule that settles where a flow lands; or else the last that the mesh has not, since rules that let packets through are met by
 * answers as well; or else the last that it met.
 */
function findDeciding(places: readonly RulePlace[], known: Known): RulePlace | null {
  const settles = (place: RulePlace) => {
    const rule = known.rules.get(renderPlaceKey(place));
    return rule !== undefined && listTargets(rule).some(({ kind }) => SETTLES[kind]);
  };
  return places.findLast(settles) ?? places.findLast((place) => isStranger(place, known)) ?? places.at(-1) ?? null;
}
