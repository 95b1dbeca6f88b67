import { listChainRules, type PlacedRule } from "../../formats/rule-places.ts";
import { renderRule } from "../../formats/rule-text.ts";
import { listWords } from "../../model/listed-words.ts";
import { placeInFile, type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import type { Rule } from "../../model/ruleset.ts";
import { landsWith } from "./missing-rule.ts";
import type { TracedCause, Tried } from "./remedy.ts";
import { quotePlace } from "./rule-order.ts";

/**
 * Says of a rule that is at fault, where it stands in its chain more often than the mesh has it, that it is a duplicate, and what to
 * remove. The simulator shows it: without the rule, or without all of its kind if the mesh has none, all its flows land as expected, and
 * no other flow of the run lands worse.
 */
export function nameDuplicate(each: TracedCause, tried: Tried): TracedCause {
  const { kind, rule } = each.cause;
  if (rule === null || kind === "missing-rule") return each;
  const { copies, inOwn } = findCopies(rule, tried);
  const [first, ...others] = copies.filter((copy) => renderPlaceKey(copy) !== renderPlaceKey(rule));
  if (first === undefined || inOwn > copies.length - 1) return each;
  const removed = new Set((inOwn === 0 ? copies : [rule]).map(({ index }) => index));
  const remove = (rules: readonly Rule[]) => rules.filter((_, i) => !removed.has(i + 1));
  if (!landsWith(each.flows, rule, remove, tried)) return each;
  const named = listWords(
    [first, ...others].map((copy) => quotePlace(placeInFile(copy, tried.rules))),
    "and",
  );
  return { ...each, remedy: tellRemoval(named, inOwn, others.length + 1) };
}

function tellRemoval(named: string, inOwn: number, copies: number): string {
  if (inOwn > 0) return `remove this rule: it is a duplicate of ${named}`;
  return `remove this rule and its ${copies === 1 ? "duplicate" : "duplicates"} ${named}; or change the settings if they are to allow what it does`;
}

/** The same rules in the chain, and how many the mesh has there. */
function findCopies(rule: RulePlace, { rules, own }: Tried) {
  const chain = listChainRules(rules, rule);
  const self = chain.find(({ place }) => renderPlaceKey(place) === renderPlaceKey(rule));
  const alikeIn = (placed: readonly PlacedRule[]) =>
    self === undefined ? [] : placed.filter((each) => printRule(each) === printRule(self));
  return { copies: alikeIn(chain).map(({ place }) => place), inOwn: alikeIn(listChainRules(own, rule)).length };
}

function printRule({ place: { chain, family }, rule }: PlacedRule): string {
  return renderRule(chain, rule, family);
}
