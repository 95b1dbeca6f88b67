import { ANOTHER_TAKES, DOES_OTHERWISE } from "../../model/cause-report.ts";
import type { RulePlace } from "../../model/rule-place.ts";
import { nameDuplicate } from "./duplicate-causes.ts";
import { joinExchanged } from "./exchanged-causes.ts";
import { preferMissing, splitMended } from "./mended-causes.ts";
import { type FoundRule, findMissingRule, landsAll } from "./missing-rule.ts";
import { joinMoved } from "./moved-causes.ts";
import { insertBefore, type TracedCause, type Tried } from "./remedy.ts";
import { dropRivals } from "./rival-causes.ts";
import { joinStrayed } from "./strayed-causes.ts";

/** What is known where the rules under test cannot be held against the mesh's own, rule by rule. */
export const DECIDES = "this rule decides where these flows land; it is wrong, or a rule before it is missing";

/**
 * Gives causes of which only the deciding rule is known with the rule that is wrong or missing, where the simulator shows for all of their
 * flows that this one change is what they lack. Causes that lack the same rule become one, and so do those of a rule that stands in the
 * place of another ({@link joinExchanged}, {@link splitMended}), or in another chain ({@link joinStrayed}).
 */
export function traceCauses(causes: readonly TracedCause[], tried: Tried): readonly TracedCause[] {
  const known = joinMoved(joinExchanged(preferMissing(joinStrayed(causes, tried), tried), tried), tried);
  const [open, settled] = [known.filter(isOpen), known.filter((each) => !isOpen(each))];
  const traced = [...settled, ...splitMended(open, tried)].map((each) => {
    const { rule, wanted } = each.cause;
    const isLacking = isOpen(each) && rule !== null && wanted !== null;
    return { each, found: isLacking ? findMissingRule(each.flows, rule, tried) : null };
  });
  const groups = Map.groupBy(traced, ({ found }) =>
    found?.kind === "missing-rule" ? `${found.place.table} ${found.place.chain} ${found.text}` : null,
  );
  const told = [...groups].flatMap(([key, members]) => {
    const lacking = members.flatMap(({ each, found }) => (found ? [{ each, found }] : []));
    const joined = key === null || lacking.length < 2 ? null : join(lacking, tried);
    if (joined) return [joined];
    return members.map(({ each, found }) => (found ? explain(each, found) : each));
  });
  return dropRivals(told, causes).map((each) => nameDuplicate(each, tried));
}

function isOpen({ cause: { why } }: TracedCause): boolean {
  return why === DECIDES;
}

interface Known {
  readonly each: TracedCause;
  readonly found: FoundRule;
}

/** One rule before all of those that take the flows; null where it does not land them all. */
function join(known: readonly Known[], tried: Tried): TracedCause | null {
  const [first] = known.toSorted((a, b) => a.found.place.index - b.found.place.index);
  const [flow, ...flows] = known.flatMap(({ each }) => each.flows);
  if (!first || !flow || !landsAll([flow, ...flows], first.found, tried)) return null;
  return explain({ ...first.each, flows: [flow, ...flows] }, first.found);
}

function explain(each: TracedCause, { kind, place, text }: FoundRule): TracedCause {
  const { handle: _handle, file: _file, line: _line, ...rest } = place;
  const wanted: RulePlace = { ...rest, rule: text };
  const { rule } = each.cause;
  return kind === "other-target"
    ? {
        ...each,
        cause: {
          kind,
          rule,
          wanted,
          why: DOES_OTHERWISE,
        },
      }
    : {
        ...each,
        cause: { kind, rule, wanted, why: ANOTHER_TAKES },
        remedy: insertBefore(place, rule),
      };
}
