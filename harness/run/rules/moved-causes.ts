import { listChainRules } from "../../formats/rule-places.ts";
import type { FlowReport } from "../../model/report.ts";
import { type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import type { Rule } from "../../model/ruleset.ts";
import { describeRule } from "../../report/landing-phrase.ts";
import { landsWith } from "./missing-rule.ts";
import type { TracedCause, Tried } from "./remedy.ts";
import { findTakenBefore, quotePlace } from "./rule-order.ts";

/** Rules that are quoted one by one. */
const QUOTED = 3;

/** A cause of a rule that stands too early, and the rule that should have come before it. */
interface Early {
  readonly each: TracedCause;
  readonly later: RulePlace;
}

/**
 * Joins what is wrong with one rule that stands before several others which should have taken its flows: to move it behind the last of
 * them is one edit. The simulator shows it: there all these flows land as expected, and no other flow of the run lands worse.
 */
export function joinMoved(causes: readonly TracedCause[], tried: Tried): readonly TracedCause[] {
  const early = causes.flatMap((each) => {
    const later = findLater(each);
    return later === null ? [] : [{ each, later }];
  });
  const joined = new Map<TracedCause, TracedCause>();
  const gone = new Set<TracedCause>();
  for (const group of Map.groupBy(early, ({ each: { cause } }) => cause.rule && renderPlaceKey(cause.rule)).values()) {
    const one = joinGroup(group, tried);
    const [first, ...others] = group;
    if (one === null || first === undefined) continue;
    joined.set(first.each, one);
    for (const { each } of others) gone.add(each);
  }
  return causes.filter((each) => !gone.has(each)).map((each) => joined.get(each) ?? each);
}

/** The required rule, where it is there and another one stands before it. */
function findLater({ cause: { kind, rule, wanted }, flows: [flow] }: TracedCause): RulePlace | null {
  const there = flow.wanted?.nearest?.rule ?? null;
  if (kind !== "deciding-rule" || rule === null || wanted === null || there === null) return null;
  return findTakenBefore(there, wanted, flow.rules, rule) === null ? null : there;
}

function joinGroup(group: readonly Early[], tried: Tried): TracedCause | null {
  const inOrder = group.toSorted((a, b) => a.later.index - b.later.index);
  const [first, last] = [group[0], inOrder.at(-1)];
  const rule = first?.each.cause.rule;
  const [flow, ...flows] = group.flatMap(({ each }): readonly FlowReport[] => each.flows);
  if (group.length < 2 || !first || !last || !rule || !flow) return null;
  const move = (rules: readonly Rule[]) => {
    const moved = rules.slice(rule.index - 1, rule.index);
    return [
      ...rules.slice(0, rule.index - 1),
      ...rules.slice(rule.index, last.later.index),
      ...moved,
      ...rules.slice(last.later.index),
    ];
  };
  if (!landsWith([flow, ...flows], rule, move, tried)) return null;
  const named = [...new Set(inOrder.map(({ later }) => quotePlace(later)))];
  // Where one more is left, its name takes no more room than its number.
  const shown = named.length === QUOTED + 1 ? named.length : QUOTED;
  const others = named.length - shown;
  const listed = [...named.slice(0, shown), ...(others > 0 ? [`and ${others} more`] : [])].join("; ");
  return {
    cause: { ...first.each.cause, why: `this rule stands before those that would take these flows: ${listed}` },
    remedy: isOutOfPlace(rule, tried)
      ? `remove this rule: the mesh has none like it in the chain ${rule.chain}`
      : `move this rule after ${describeRule(last.later)}`,
    flows: [flow, ...flows],
  };
}

/** Behind all rules that take its flows, a rule that the mesh has not in this chain would do nothing. */
function isOutOfPlace(rule: RulePlace, { own }: Tried): boolean {
  return !listChainRules(own, rule).some(({ place }) => place.rule === rule.rule);
}
