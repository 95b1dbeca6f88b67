import type { FlowReport } from "../../model/report.ts";
import { findRuleAt, type RulePlace } from "../../model/rule-place.ts";
import { landsAll } from "./missing-rule.ts";
import type { TracedCause, Tried } from "./remedy.ts";

/**
 * Joins a rule that is missing with one that the mesh does not have, where the one stands in the place of the other: a port or an address
 * was mistyped, say. The simulator shows it: with the missing rule instead of the odd one, the flows of both land as expected, and no other
 * flow of the run lands worse.
 *
 * Limits: a rule that is wrong in both families is joined in neither, since each place is one family's.
 */
export function joinExchanged(causes: readonly TracedCause[], tried: Tried): readonly TracedCause[] {
  const joined = new Map<TracedCause, TracedCause>();
  const gone = new Set<TracedCause>();
  for (const missing of causes.filter(({ cause }) => cause.kind === "missing-rule")) {
    for (const odd of causes.filter((each) => each.cause.kind === "deciding-rule" && !gone.has(each))) {
      const one = joined.has(missing) ? null : joinPair(missing, odd, tried);
      if (one === null) continue;
      joined.set(missing, one);
      gone.add(odd);
    }
  }
  return causes.flatMap((each) => (gone.has(each) ? [] : [joined.get(each) ?? each]));
}

function joinPair(missing: TracedCause, odd: TracedCause, tried: Tried): TracedCause | null {
  const { wanted } = missing.cause;
  const { rule } = odd.cause;
  if (wanted === null || rule === null || !isSameChain(wanted, rule)) return null;
  const own = findRuleAt(wanted, tried.own);
  const flows: readonly [FlowReport, ...FlowReport[]] = [...missing.flows, ...odd.flows];
  if (!own || !landsAll(flows, { kind: "other-target", place: rule, rule: own }, tried)) return null;
  return {
    cause: { kind: "other-target", rule, wanted, why: "this rule stands in the place of the required one" },
    clause: missing.clause === odd.clause ? missing.clause : null,
    remedy: "change this rule to the required one",
    flows,
  };
}

function isSameChain(one: RulePlace, other: RulePlace): boolean {
  return one.family === other.family && one.table === other.table && one.chain === other.chain;
}
