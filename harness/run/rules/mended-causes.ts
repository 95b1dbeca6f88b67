import { listPlacedRules } from "../../formats/rule-places.ts";
import type { Family } from "../../model/address.ts";
import { ANOTHER_TAKES, DOES_OTHERWISE, STANDS_INSTEAD } from "../../model/cause-report.ts";
import type { FlowReport } from "../../model/report.ts";
import { findRuleAt, placeInFile, type RulePlace, renderChainKey, renderPlaceKey } from "../../model/rule-place.ts";
import { familyKey, type Rule } from "../../model/ruleset.ts";
import { isStranger, isThere, leadsAway } from "./known-rules.ts";
import { landAfterTry, landsAll } from "./missing-rule.ts";
import type { TracedCause, Tried } from "./remedy.ts";

/** A rule under test that the mesh has not, and one of the same chain that only the mesh has. */
interface Exchange {
  readonly rule: RulePlace;
  readonly wanted: RulePlace;
  readonly own: Rule;
}

/** Exchanges that are tried of one family: several faults at once leave few rules on either side. */
const EXCHANGES_AT_MOST = 60;

/**
 * Looks among flows of which only the deciding rule is known for those that the exchange of one rule mends, whatever rule decides where
 * they land now: one that the mesh has not for one that only the mesh has. With several faults at once one deciding rule may stand at the
 * end of the ways of flows that have nothing else in common. The simulator shows it: with the exchange these flows land as expected, and no
 * other flow of the run lands worse. Gives the causes with the flows that are left, and one more for each exchange.
 */
export function splitMended(open: readonly TracedCause[], tried: Tried): readonly TracedCause[] {
  const mended = new Map<Exchange, FlowReport[]>();
  const families = [...new Set(open.flatMap(({ flows }) => flows.map(({ family }) => family)))];
  const done = new Set<FlowReport>();
  for (const exchange of families.flatMap((family) => listExchanges(family, tried))) {
    const { rule, own } = exchange;
    const lands = landAfterTry({ kind: "other-target", place: rule, rule: own }, tried);
    const flows = open.flatMap((each) => each.flows).filter((flow) => !done.has(flow) && lands(flow));
    if (flows.length === 0 || !tried.passed.every(lands)) continue;
    mended.set(exchange, flows);
    for (const flow of flows) done.add(flow);
  }
  const left = open.flatMap((each) => {
    const [first, ...others] = each.flows.filter((flow) => !done.has(flow));
    return first ? [{ ...each, flows: [first, ...others] as const }] : [];
  });
  return [...left, ...[...mended].flatMap(([exchange, flows]) => makeCause(exchange, flows))];
}

/**
 * Makes of rules that seem to do something other than the required ones a missing rule, where to put the required rule in their place would
 * land other flows of the run worse, and to put it before them would not. Joins those that lack the same rule.
 */
export function preferMissing(causes: readonly TracedCause[], tried: Tried): readonly TracedCause[] {
  const told = causes.map((each) => (isBetterInserted(each, tried) ? lackRule(each) : each));
  const groups = Map.groupBy(told, ({ cause: { kind, wanted } }) =>
    kind === "missing-rule" && wanted !== null ? renderPlaceKey(wanted) : null,
  );
  return [...groups].flatMap(([key, members]) => (key === null ? members : joinLacking(members)));
}

function isBetterInserted({ cause: { why, rule, wanted }, flows }: TracedCause, tried: Tried): boolean {
  const own = wanted === null ? undefined : findRuleAt(wanted, tried.own);
  if (why !== DOES_OTHERWISE || rule === null || own === undefined) return false;
  const inPlace = landAfterTry({ kind: "other-target", place: rule, rule: own }, tried);
  if (!flows.every(inPlace) || tried.passed.every(inPlace)) return false;
  return landsAll(flows, { kind: "missing-rule", place: rule, rule: own }, tried);
}

function lackRule(each: TracedCause): TracedCause {
  return { ...each, cause: { ...each.cause, kind: "missing-rule", why: ANOTHER_TAKES } };
}

/** Of several that take flows in place of the missing rule it is to come before the first. */
function joinLacking(members: readonly TracedCause[]): readonly TracedCause[] {
  const [first, ...others] = members.toSorted((a, b) => (a.cause.rule?.index ?? 0) - (b.cause.rule?.index ?? 0));
  if (first === undefined || others.length === 0) return members;
  const [flow, ...flows] = [first, ...others].flatMap((each) => each.flows);
  return flow ? [{ ...first, flows: [flow, ...flows] }] : members;
}

function listExchanges(family: Family, { rules, own, known }: Tried): readonly Exchange[] {
  const key = familyKey(family);
  const strangers = listPlacedRules(rules[key]).filter(({ place }) => isStranger(place, known));
  const absent = listPlacedRules(own[key]).filter(({ place }) => !isThere(place, known) && !leadsAway(place, known));
  return strangers
    .flatMap(({ place }) =>
      absent
        .filter((each) => renderChainKey(each.place) === renderChainKey(place))
        .map((each): Exchange => ({ rule: placeInFile(place, rules), wanted: each.place, own: each.rule })),
    )
    .slice(0, EXCHANGES_AT_MOST);
}

function makeCause({ rule, wanted }: Exchange, [first, ...others]: readonly FlowReport[]): readonly TracedCause[] {
  if (first === undefined) return [];
  const flows = [first, ...others] as const;
  return [{ cause: { kind: "other-target", rule, wanted, why: STANDS_INSTEAD }, flows }];
}
