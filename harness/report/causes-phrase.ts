import { ANOTHER_TAKES, type CauseReport, DOES_OTHERWISE, STANDS_INSTEAD } from "../model/cause-report.ts";
import { isLanding } from "../model/expectation.ts";
import { listWords, renderCount } from "../model/listed-words.ts";
import type { BackendName, FlowReport, ScenarioReport } from "../model/report.ts";
import { describeHeading } from "./cause-heading.ts";
import { describeDifference } from "./differing-words.ts";
import { type EvidenceRow, nameObserved } from "./evidence.ts";
import { AS_DIALLED, goesAsDialled, nameEnd } from "./flow-ends.ts";
import { nameByEnds } from "./flow-names.ts";
import { describeGot, describeLanding, describeMissingRule, describeRule } from "./landing-phrase.ts";

/** Gives what flows beyond those that are named are told as: `and 12 more flows`. */
export function countUnnamed(unnamed: number): readonly string[] {
  return unnamed === 0 ? [] : [`and ${renderCount(unnamed, "more flow")}`];
}

/** Further groups of flows of one cause that are named: all of most causes, and of the others what leaves the cause itself in sight. */
const NAMED = 9;

/** A cause as a reader is told it. */
export interface ToldCause {
  /** What became of how many flows: `168 flows land on app:15007 instead of envoy-inbound:15006`. */
  readonly heading: string;
  /** The rule, the required one, and why. */
  readonly rows: readonly EvidenceRow[];
  /** The first flows, with what was expected and what they got. */
  readonly shown: readonly { readonly flow: FlowReport; readonly rows: readonly EvidenceRow[] }[];
  /** All other flows. */
  readonly rest: readonly FlowReport[];
  /** The names of further flows, those that differ in their port alone as one: `client -> pod:21,23`. */
  readonly others: readonly string[];
  /** How many flows are neither shown nor named. */
  readonly unnamed: number;
}

/** Gives what a reader is told of each cause of a scenario's failures, those of most flows first. */
export function tellCauses(
  scenario: Pick<ScenarioReport, "causes" | "flows">,
  backend: BackendName,
): readonly ToldCause[] {
  const byName = new Map(scenario.flows.map((flow) => [keyOf(flow), flow]));
  return sortCauses(scenario).map((cause) => {
    const flows = cause.flows.flatMap((each) => byName.get(keyOf(each)) ?? []);
    const inOrder = flows.toSorted((a, b) => weigh(a) - weigh(b));
    const inFull = chooseExamples(inOrder);
    const rest = inOrder.filter((flow) => !inFull.includes(flow));
    const others = nameByEnds(rest);
    return {
      heading: describeHeading(inOrder),
      rows: describeCause(cause),
      shown: inFull.map((flow) => ({ flow, rows: describeEnds(flow, backend) })),
      rest,
      others: others.slice(0, NAMED).map(({ name }) => name),
      unnamed: others.slice(NAMED).reduce((sum, { count }) => sum + count, 0),
    };
  });
}

/** Gives the causes of a scenario's failures in the order in which they are told. */
export function sortCauses({ causes = [] }: Pick<ScenarioReport, "causes">): readonly CauseReport[] {
  return causes.toSorted((a, b) => b.flows.length - a.flows.length);
}

/**
 * The first flow, and the first that ends elsewhere than it or was to: what is wrong of the one is not yet known of the other. Else one of
 * somebody else to somewhere else.
 */
function chooseExamples(flows: readonly FlowReport[]): readonly FlowReport[] {
  const [first] = flows;
  if (first === undefined) return [];
  const endsOf = ({ expected, observed }: FlowReport) =>
    [isLanding(expected) && !goesAsDialled(expected) ? nameEnd(expected) : AS_DIALLED, observed.kind].join();
  const [next] = flows.slice(1);
  const isFar = ({ from, to }: FlowReport) => from.uid !== first.from.uid && to.address !== first.to.address;
  const other = flows.find((flow) => endsOf(flow) !== endsOf(first)) ?? flows.find(isFar) ?? next;
  return other === undefined ? [first] : [first, other];
}

/** A loop is the worst; and a reader knows the flows that the scenario names, rather than those that stand for a class. */
function weigh({ observed, chosenFor }: FlowReport): number {
  return (observed.kind === "loop" ? 0 : 2) + (chosenFor === "class" ? 1 : 0);
}

function keyOf({ flow, manner }: CauseReport["flows"][number]): string {
  return `${manner} ${flow}`;
}

/** Gives what is known of a cause, as rows of a name and a text: what is at fault first. */
export function describeCause({
  rule,
  wanted,
  why,
  kind,
  breaks,
  clauses,
  remedy,
  flows,
}: CauseReport): readonly EvidenceRow[] {
  const taker = rule === null ? "none" : describeRule(rule);
  const rules: readonly EvidenceRow[] =
    kind === "missing-rule" && wanted !== null
      ? [["missing", describeMissingRule(wanted)], ...(rule === null ? [] : [["taken by", taker] as const])]
      : [["rule", taker], ...(wanted === null || kind === "deciding-rule" ? [] : describeRequired(rule, wanted))];
  // What takes the flows stands above, and so does where the rule differs from the required one.
  const isSaidAbove =
    (kind === "missing-rule" && why === ANOTHER_TAKES) ||
    (rules.some(([name]) => name === "differs") && (why === DOES_OTHERWISE || why === STANDS_INSTEAD));
  return [
    ...rules,
    ...(isSaidAbove ? [] : [["because", why] as const]),
    ...describeBroken(flows, clauses, breaks),
    ...(remedy === undefined ? [] : [["remedy", remedy] as const]),
  ];
}

/** Requirements that a cause quotes; the names of others follow. */
const QUOTED = 2;

/**
 * Gives what flows break: one requirement, or the two that most of them do with their numbers, and the names of others. A flow breaks one
 * requirement or none, so that the numbers add up to that of the flows with those that are counted for none.
 */
function describeBroken(
  flows: CauseReport["flows"],
  clauses: CauseReport["clauses"],
  breaks: string | undefined,
): readonly EvidenceRow[] {
  const [first] = clauses ?? [];
  // Reports of earlier versions have the text alone.
  if (breaks !== undefined) return [["breaks", `the requirement ${first ? `${first.name}: "${first.says}"` : breaks}`]];
  const rows = (clauses ?? []).map(
    ({ name, says, flows }) => `the requirement ${name} (${renderCount(flows, "flow")}): "${says}"`,
  );
  const others = (clauses ?? []).slice(QUOTED).map(({ name, flows }) => `${name} (${renderCount(flows, "flow")})`);
  const rest = others.length === 0 ? [] : [`also ${listWords(others, "and")}`];
  const none = describeUncounted(flows, clauses ?? []);
  return [
    ...[...rows.slice(0, QUOTED), ...rest].map((text) => ["breaks", text] as const),
    ...none.map((text) => ["rest", text] as const),
  ];
}

/** What the proxy sends on may break another requirement than the flow that it has taken. */
function describeUncounted(
  flows: CauseReport["flows"],
  clauses: NonNullable<CauseReport["clauses"]>,
): readonly string[] {
  const uncounted = flows.length - clauses.reduce((sum, clause) => sum + clause.flows, 0);
  if (clauses.length === 0 || uncounted <= 0) return [];
  const isForwarded = uncounted === flows.filter(({ manner }) => manner === "forward").length;
  const where = isForwarded ? ", which the proxy dials when it forwards" : "";
  const others = uncounted === 1 ? "flow" : `${uncounted} flows`;
  return [`no requirement is about the other ${others}${where}`];
}

/** Gives the required rule, and the words in which the one that is there differs from it where those are few. */
function describeRequired(
  rule: CauseReport["rule"],
  wanted: NonNullable<CauseReport["wanted"]>,
): readonly EvidenceRow[] {
  const differs = rule === null ? null : describeDifference(rule.rule, wanted.rule);
  return [["required", describeRule(wanted)], ...(differs === null ? [] : [["differs", differs] as const])];
}

/** Gives what a flow was to get and what it got. */
export function describeEnds(flow: FlowReport, backend: BackendName): readonly EvidenceRow[] {
  const expected = describeLanding(flow.expected);
  return [["expected", expected] as const, [nameObserved(backend), describeGot(flow)] as const];
}
