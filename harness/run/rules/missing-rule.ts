import { renderMatches } from "../../formats/matches.ts";
import { translateMatch } from "../../formats/nft/translate-matches.ts";
import { translateTarget } from "../../formats/nft/translate-targets.ts";
import { renderNftText } from "../../formats/nft/write-nft.ts";
import { renderRule } from "../../formats/rule-text.ts";
import { meetsExpectation } from "../../model/expectation.ts";
import type { FlowReport } from "../../model/report.ts";
import { listNextChains, listTargets, replaceTargets } from "../../model/rule-parts.ts";
import { findRuleAt, isInTable, type RulePlace, renderPlaceKey } from "../../model/rule-place.ts";
import { familyKey, type Rule } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import { findDecidingStep, listSteps } from "../../netfilter/steps.ts";
import type { Tried } from "./remedy.ts";

/** What would land flows as required: the rule that took them with another target, or one more rule. */
export interface FoundRule {
  readonly kind: "other-target" | "missing-rule";
  /** The rule that is there now: it is replaced, or the missing one comes before it. */
  readonly place: RulePlace;
  readonly rule: Rule;
  /** The rule as those under test are written. */
  readonly text: string;
}

type Try = Omit<FoundRule, "text">;

/**
 * Gives the rule that flows lack, in chains of any names and in rules of nft too: the mesh's own rule for the first of them, with what the
 * rules compare that lead to it, in the place of the rule `taker` or before one that the flow has met. Null where the simulator does not
 * land all of these flows as expected with it, or lands another flow of the run worse than without it.
 */
export function findMissingRule(flows: readonly FlowReport[], taker: RulePlace, tried: Tried): FoundRule | null {
  const [flow] = flows;
  const own = flow ? findOwnRule(flow, tried) : null;
  if (!flow || own === null || own.table !== tableKind(taker)) return null;
  const at = flow.rules.findIndex((place) => renderPlaceKey(place) === renderPlaceKey(taker));
  const met = flow.rules.slice(0, Math.max(at, 0)).filter((place) => place.table === taker.table);
  const inserted = [...met.toReversed(), taker].map((place): Try => ({ kind: "missing-rule", place, rule: own.rule }));
  const there = findRuleAt(taker, tried.rules);
  const inOther = there?.target ? exchangeTarget(there.target, own.rule.target) : null;
  const replaced: Try[] =
    there && inOther ? [{ kind: "other-target", place: taker, rule: { matches: there.matches, target: inOther } }] : [];
  const found = [...replaced, ...inserted].find((each) => landsAll(flows, each, tried));
  return found ? quote(found) : null;
}

/** The same target with another one of its kind in its place; null where it has none of that kind. */
function exchangeTarget(target: Target, own: Target | null): Target | null {
  const has = listTargets({ target }).some(({ kind }) => kind === own?.kind);
  return own && has ? replaceTargets(target, (each) => (each.kind === own.kind ? own : each)) : null;
}

/** Says whether the simulator lands flows as expected with a rule, and no other flow of the run worse than without it. */
export function landsAll(flows: readonly FlowReport[], change: Try, tried: Tried): boolean {
  const lands = landAfterTry(change, tried);
  return flows.every(lands) && tried.passed.every(lands);
}

/** Gives what says of a flow whether the simulator lands it as expected with a rule. */
export function landAfterTry({ kind, place, rule }: Try, tried: Tried): (flow: FlowReport) => boolean {
  return landAfter(place, (rules) => rules.toSpliced(place.index - 1, kind === "other-target" ? 1 : 0, rule), tried);
}

/** Says the same of another change of the chain of a rule. */
export function landsWith(
  flows: readonly FlowReport[],
  place: RulePlace,
  edit: (rules: readonly Rule[]) => readonly Rule[],
  tried: Tried,
): boolean {
  const lands = landAfter(place, edit, tried);
  return flows.every(lands) && tried.passed.every(lands);
}

/** Gives what says of a flow whether the simulator lands it as expected after a change of the chain of a rule. */
function landAfter(
  place: RulePlace,
  edit: (rules: readonly Rule[]) => readonly Rule[],
  { bound, rules, addresses }: Tried,
): (flow: FlowReport) => boolean {
  const key = familyKey(place.family);
  const ruleset = rules[key];
  if (ruleset === null) return () => false;
  const tables = ruleset.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) =>
      isInTable(place, table) && chain.name === place.chain ? { ...chain, rules: edit(chain.rules) } : chain,
    ),
  }));
  const simulator = compilePod({ ...rules, [key]: { ...ruleset, tables } }, bound.spec, addresses);
  return (flow) => meetsExpectation(flow.expected, simulator.land(flow, flow.manner));
}

/** The rule that decides where the mesh's own rules land a flow, with what the rules compare that lead to it. */
function findOwnRule(flow: FlowReport, { own, ownPod }: Tried) {
  const { connections } = ownPod.explain(flow, flow.manner, (chain, rule) => renderRule(chain, rule, flow.family));
  const steps = listSteps(connections).filter(({ matched }) => matched === true);
  const deciding = findDecidingStep(connections);
  const last = deciding && findRuleAt({ ...deciding, family: flow.family }, own);
  if (!deciding || !last) return null;
  const led = steps
    .slice(0, steps.indexOf(deciding))
    .filter(({ table, hook }) => table === deciding.table && hook === deciding.hook);
  let { chain } = deciding;
  let matches = last.matches;
  for (const step of led.toReversed()) {
    const rule = findRuleAt({ ...step, family: flow.family }, own);
    if (!rule || !listNextChains(rule).includes(chain)) continue;
    chain = step.chain;
    matches = [...rule.matches, ...matches];
  }
  const once = new Map(matches.map((match) => [renderMatches([match]).join(" "), match]));
  return { table: deciding.table, rule: { matches: [...once.values()], target: last.target } };
}

/** A table of nft has any name; what it is for is in its rules, which are tried. */
function tableKind({ table, source }: RulePlace): string {
  return source === "nft" ? "nat" : table;
}

/** A rule for a table of nft is written as nft writes it; null where nft has no words for it, or needs several rules. */
function quote(found: Omit<FoundRule, "text">): FoundRule | null {
  const { place, rule } = found;
  if (place.source !== "nft") return { ...found, text: renderRule(place.chain, rule, place.family) };
  const written = found.kind === "other-target" ? rule : translateRule(rule, place);
  return written === null ? null : { ...found, text: writeNftRule(written, place) };
}

/** The line of the rule in a file of nft that has nothing else. */
function writeNftRule(rule: Rule, { table, chain, tableFamily = "ip" }: RulePlace): string {
  const chains = [{ name: chain, base: null, rules: [rule] }];
  const lines = renderNftText([{ family: tableFamily, source: "nft", name: table, chains }]).split("\n");
  const line = lines.find((text) => /^ {4}\S/.test(text)) ?? "";
  return line.trim().replaceAll(/\bcounter packets 0 bytes 0\b/g, "counter");
}

function translateRule({ matches, target }: Rule, { family }: RulePlace): Rule | null {
  const translated = matches.map((match) => translateMatch(match, matches, family));
  const targets = translateTarget(target, family);
  const [only, ...others] = "why" in targets ? [] : targets;
  if (only?.length !== 1 || others.length > 0) return null;
  const parts = translated.flatMap((match) => ("why" in match ? [] : match));
  return translated.some((match) => "why" in match) ? null : { matches: parts, target: only[0] ?? null };
}
