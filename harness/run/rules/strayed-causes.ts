import { listPlacedRules, type PlacedRule } from "../../formats/rule-places.ts";
import { renderRule } from "../../formats/rule-text.ts";
import { FAMILIES } from "../../model/address.ts";
import { meetsExpectation } from "../../model/expectation.ts";
import type { FlowReport } from "../../model/report.ts";
import { isInTable, placeInFile, type RulePlace, renderChainKey } from "../../model/rule-place.ts";
import { familyKey, type PodRules, type Rule } from "../../model/ruleset.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import { isThere, leadsAway } from "./known-rules.ts";
import type { TracedCause, Tried } from "./remedy.ts";
import { namePlace } from "./rule-order.ts";

/** A rule that stands in another chain than the mesh has it in. */
interface Strayed {
  readonly rule: RulePlace;
  readonly wanted: RulePlace;
  readonly own: Rule;
  /** The rule under test before which it is to stand; null for the end of its chain. */
  readonly before: RulePlace | null;
}

/** Pairs of rules that are tried: of several faults at once few are rules that were moved. */
const PAIRS_AT_MOST = 20;

/**
 * Joins what is wrong with a rule that stands in another chain than the mesh has it in: there it takes flows that it should not, and in its
 * own chain it is missing. The simulator shows it: with the rule back in its chain all these flows land as expected, and no other flow of
 * the run lands worse. Causes that this does not mend stay as they are.
 */
export function joinStrayed(causes: readonly TracedCause[], tried: Tried): readonly TracedCause[] {
  let left = causes;
  const joined: TracedCause[] = [];
  for (const strayed of listStrayed(tried)) {
    const lands = landAfterReturn(strayed, tried);
    const mended = left.filter(({ cause, flows }) => cause.kind !== "expectation" && flows.every(lands));
    const [flow, ...flows] = mended.flatMap((each): readonly FlowReport[] => each.flows);
    if (flow === undefined || !tried.passed.every(lands)) continue;
    joined.push(makeCause(strayed, [flow, ...flows]));
    left = left.filter((each) => !mended.includes(each));
  }
  return [...joined, ...left];
}

/** Rules of chains that only the mesh has with the same rules of other chains, which it does not have there. */
function listStrayed({ rules, own, known }: Tried): readonly Strayed[] {
  return FAMILIES.flatMap((family) => {
    const [tested, ownRules] = [rules, own].map((each) => listPlacedRules(each[familyKey(family)])) as [
      readonly PlacedRule[],
      readonly PlacedRule[],
    ];
    const absent = ownRules.filter(({ place }) => !isThere(place, known) && !leadsAway(place, known));
    const ownKeys = new Set(ownRules.map(keyInChain));
    const surplus = tested.filter((each) => !ownKeys.has(keyInChain(each)));
    return absent.flatMap(({ place: wanted, rule: own }) =>
      surplus
        .filter((each) => printAnywhere(each) === printAnywhere({ place: wanted, rule: own }))
        .map(({ place }): Strayed => {
          const before = findNext(wanted, ownRules, tested);
          return { rule: placeInFile(place, rules), wanted, own, before: before && placeInFile(before, rules) };
        }),
    );
  }).slice(0, PAIRS_AT_MOST);
}

function printAnywhere({ place, rule }: PlacedRule): string {
  return renderRule("", rule, place.family);
}

function keyInChain(each: PlacedRule): string {
  return `${renderChainKey(each.place)} ${printAnywhere(each)}`;
}

/** Gives the rule under test that is the first of those which the mesh has behind the missing one. */
function findNext(wanted: RulePlace, own: readonly PlacedRule[], tested: readonly PlacedRule[]): RulePlace | null {
  const isBehind = ({ place }: PlacedRule) =>
    renderChainKey(place) === renderChainKey(wanted) && place.index > wanted.index;
  const behind = new Set(own.filter(isBehind).map(keyInChain));
  return tested.find((each) => behind.has(keyInChain(each)))?.place ?? null;
}

/** Gives what says of a flow whether the simulator lands it as expected with the rule back in its chain. */
function landAfterReturn(
  { rule, wanted, own, before }: Strayed,
  { bound, rules, addresses }: Tried,
): (flow: FlowReport) => boolean {
  const key = familyKey(rule.family);
  const ruleset = rules[key];
  if (ruleset === null) return () => false;
  const edit = (place: RulePlace, chainRules: readonly Rule[]) => {
    const key = renderChainKey(place);
    if (key === renderChainKey(rule)) return chainRules.toSpliced(rule.index - 1, 1);
    if (key !== renderChainKey(wanted)) return chainRules;
    return chainRules.toSpliced(before === null ? chainRules.length : before.index - 1, 0, own);
  };
  const tables = ruleset.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => {
      const isOf = (place: RulePlace) => isInTable(place, table) && place.chain === chain.name;
      const place = [rule, wanted].find(isOf);
      return place === undefined ? chain : { ...chain, rules: edit(place, chain.rules) };
    }),
  }));
  const mended: PodRules = { ...rules, [key]: { ...ruleset, tables } };
  const simulator = compilePod(mended, bound.spec, addresses);
  return (flow) => meetsExpectation(flow.expected, simulator.land(flow, flow.manner));
}

function makeCause({ rule, wanted, before }: Strayed, flows: TracedCause["flows"]): TracedCause {
  const [from, to] = [wanted, rule].map(nameChain(rule.table === wanted.table)) as [string, string];
  const where = before === null ? "at its end" : `before ${namePlace(before)}`;
  return {
    cause: { kind: "other-target", rule, wanted, why: `this rule was moved from the chain ${from} to ${to}` },
    remedy: `move this rule back to the chain ${from}, ${where}`,
    flows,
  };
}

/** Chains of two tables may have one name. */
function nameChain(isOneTable: boolean): (place: RulePlace) => string {
  return ({ table, chain }) => (isOneTable ? chain : `${chain} of the table ${table}`);
}
