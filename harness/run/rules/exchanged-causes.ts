import { listChainRules } from "../../formats/rule-places.ts";
import { STANDS_INSTEAD } from "../../model/cause-report.ts";
import type { FlowReport } from "../../model/report.ts";
import { findRuleAt, type RulePlace, renderChainKey } from "../../model/rule-place.ts";
import { isStranger, isThere, leadsAway } from "./known-rules.ts";
import { landsAll, landsWith } from "./missing-rule.ts";
import type { TracedCause, Tried } from "./remedy.ts";

/**
 * Names the rule to change for a missing rule. Joins a rule that is missing with one that the mesh does not have, where the one stands in
 * the place of the other: a port or an address was mistyped, say; or else finds the rule that takes only some of what the missing one
 * takes. The simulator shows it: with the missing rule instead of the one that is there, all these flows land as expected, and no other
 * flow of the run lands worse. In the same way it finds the rule that a rule which takes too much stands for.
 *
 * Limits: a rule that is wrong in both families is joined in neither, since each place is one family's.
 */
export function joinExchanged(causes: readonly TracedCause[], tried: Tried): readonly TracedCause[] {
  const joined = new Map<TracedCause, TracedCause>();
  const odd = new Set(causes.filter(({ cause }) => cause.kind === "deciding-rule"));
  for (const missing of causes.filter(({ cause }) => cause.kind === "missing-rule")) {
    for (const each of odd) {
      const one = joinPair(missing, each, tried);
      if (one === null) continue;
      joined.set(missing, one);
      odd.delete(each);
      break;
    }
  }
  const left = causes.filter((each) => each.cause.kind !== "deciding-rule" || odd.has(each));
  return left.map((each) => joined.get(each) ?? narrow(widen(each, tried), tried));
}

function joinPair(missing: TracedCause, odd: TracedCause, tried: Tried): TracedCause | null {
  const flows: TracedCause["flows"] = [...missing.flows, ...odd.flows];
  const cause = exchange(missing.cause.wanted, odd.cause.rule, flows, tried);
  if (cause === null) return null;
  return {
    cause: { ...cause, why: STANDS_INSTEAD },
    flows,
  };
}

/** The rule most like the missing one may be narrower than that. */
function widen(each: TracedCause, tried: Tried): TracedCause {
  const { kind, wanted } = each.cause;
  const nearest = kind === "missing-rule" ? (each.flows[0].wanted?.nearest?.rule ?? null) : null;
  const cause = exchange(wanted, nearest, each.flows, tried);
  if (cause === null) return each;
  const why = "this rule takes only some of the flows that the required one takes";
  return { ...each, cause: { ...cause, why } };
}

/** A rule that the mesh has not may stand in the place of one that it has, and take more than that. */
function narrow(each: TracedCause, tried: Tried): TracedCause {
  const { kind, rule } = each.cause;
  if (kind !== "deciding-rule" || rule === null || !isStranger(rule, tried.known)) return each;
  if (isSurplus(rule, each.flows, tried)) return each;
  const candidates = listChainRules(tried.own, rule).filter(({ place }) => !isThere(place, tried.known));
  for (const { place } of candidates) {
    const cause = exchange(place, rule, each.flows, tried);
    const why = "this rule stands in the place of the required one, and takes more flows";
    if (cause !== null) return { ...each, cause: { ...cause, why } };
  }
  return each;
}

/** Says whether a chain has more rules than the mesh's, and all lands as expected without this one: then it stands for no other rule. */
function isSurplus(rule: RulePlace, flows: readonly FlowReport[], tried: Tried): boolean {
  const hasMore = listChainRules(tried.rules, rule).length > listChainRules(tried.own, rule).length;
  return hasMore && landsWith(flows, rule, (rules) => rules.toSpliced(rule.index - 1, 1), tried);
}

/** Puts the required rule into the place of one of the same chain; null where that does not land these flows as expected. */
function exchange(wanted: RulePlace | null, rule: RulePlace | null, flows: readonly FlowReport[], tried: Tried) {
  if (wanted === null || rule === null || renderChainKey(wanted) !== renderChainKey(rule)) return null;
  if (leadsAway(wanted, tried.known)) return null;
  const own = findRuleAt(wanted, tried.own);
  const isRight = own && landsAll(flows, { kind: "other-target", place: rule, rule: own }, tried);
  return isRight ? { kind: "other-target" as const, rule, wanted } : null;
}
