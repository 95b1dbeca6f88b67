import { renderPlaceKey } from "../../model/rule-place.ts";
import { describeDifference } from "../../report/differing-words.ts";
import type { TracedCause } from "./remedy.ts";

/**
 * Takes back that a rule stands for another where other causes say of the same rule that it stands for a third: nobody can change it into
 * both. What holds is the required rule from which it differs in a few words, if there is one such; the flows of the other causes get
 * those of `found`, which are from before anything was tried.
 */
export function dropRivals(told: readonly TracedCause[], found: readonly TracedCause[]): readonly TracedCause[] {
  const isExchange = ({ cause }: TracedCause) => cause.kind === "other-target";
  const groups = Map.groupBy(told.filter(isExchange), ruleOf);
  return told.flatMap((each) => {
    const rivals = groups.get(ruleOf(each)) ?? [];
    if (!isExchange(each) || new Set(rivals.map(wantedOf)).size < 2) return [each];
    const near = new Set(rivals.filter(isNear).map(wantedOf));
    return near.size === 1 && near.has(wantedOf(each)) ? [each] : takeBack(each, found);
  });
}

function isNear({ cause: { rule, wanted } }: TracedCause): boolean {
  return rule !== null && wanted !== null && describeDifference(rule.rule, wanted.rule) !== null;
}

/** The flows with the causes that they had before. */
function takeBack(each: TracedCause, found: readonly TracedCause[]): readonly TracedCause[] {
  const groups = Map.groupBy(each.flows, (flow) => found.find(({ flows }) => flows.includes(flow)) ?? each);
  return [...groups].flatMap(([{ cause }, [first, ...others]]) =>
    first ? [{ cause, flows: [first, ...others] }] : [],
  );
}

function ruleOf({ cause: { rule } }: TracedCause): string {
  return rule === null ? "" : renderPlaceKey(rule);
}

function wantedOf({ cause: { wanted } }: TracedCause): string {
  return wanted === null ? "" : renderPlaceKey(wanted);
}
