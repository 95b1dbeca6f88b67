import { ANOTHER_TAKES, type CauseReport } from "../model/cause-report.ts";
import { type Expectation, isLanding } from "../model/expectation.ts";
import type { Landing } from "../model/landing.ts";
import type { BackendName, FlowReport, ScenarioReport } from "../model/report.ts";
import { type EvidenceRow, nameObserved } from "./evidence.ts";
import { describeGot, describeLanding, describeMissingRule, describeRule, OPEN_ENDS } from "./landing-phrase.ts";

/** Further flows of one cause that are named. */
const NAMED = 12;

/** A cause as a reader is told it. */
export interface ToldCause {
  /** What became of how many flows: `168 flows land on app:15007 instead of envoy-inbound:15006`. */
  readonly heading: string;
  /** The rule, the required one, and why. */
  readonly rows: readonly EvidenceRow[];
  /** The first flows, with what was expected and what they got. */
  readonly shown: readonly { readonly flow: FlowReport; readonly rows: readonly EvidenceRow[] }[];
  /** The names of further flows. */
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
  return (scenario.causes ?? [])
    .toSorted((a, b) => b.flows.length - a.flows.length)
    .map((cause) => {
      const flows = cause.flows.flatMap((each) => byName.get(keyOf(each)) ?? []);
      const inOrder = flows.toSorted((a, b) => weigh(a) - weigh(b));
      const inFull = chooseExamples(inOrder);
      const others = inOrder.filter((flow) => !inFull.includes(flow));
      return {
        heading: describeHeading(inOrder),
        rows: describeCause(cause),
        shown: inFull.map((flow) => ({ flow, rows: describeEnds(flow, backend) })),
        others: others.slice(0, NAMED).map(nameFlow),
        unnamed: Math.max(others.length - NAMED, 0),
      };
    });
}

/** The first flow, and the first that ends elsewhere than it or was to: what is wrong of the one is not yet known of the other. */
function chooseExamples(flows: readonly FlowReport[]): readonly FlowReport[] {
  const [first] = flows;
  if (first === undefined) return [];
  const endsOf = ({ expected, observed }: FlowReport) =>
    [isLanding(expected) && !isAsDialled(expected) ? nameEnd(expected) : AS_DIALLED, observed.kind].join();
  const [next] = flows.slice(1);
  const other = flows.find((flow) => endsOf(flow) !== endsOf(first)) ?? next;
  return other === undefined ? [first] : [first, other];
}

/** A loop is the worst; and a reader knows the flows that the scenario names, rather than those that stand for a class. */
function weigh({ observed, chosenFor }: FlowReport): number {
  return (observed.kind === "loop" ? 0 : 2) + (chosenFor === "class" ? 1 : 0);
}

function keyOf({ flow, manner }: CauseReport["flows"][number]): string {
  return `${manner} ${flow}`;
}

/** What a flow does that lands so, what several do, and what was required of them instead. */
const VERBS = {
  listener: ["lands on", "land on", "landing on"],
  replied: ["is replied to", "are replied to", "being replied to"],
  refused: ["is refused", "are refused", "being refused"],
  reset: ["is reset", "are reset", "being reset"],
  unreachable: ["finds no way", "find no way", "finding no way"],
  "timed-out": ["times out", "time out", "timing out"],
  unanswered: ["gets no answer", "get no answer", "getting no answer"],
  loop: ["loops", "loop", "looping"],
  "could-not-look": ["could not be observed", "could not be observed", "being observed"],
} satisfies Record<Landing["kind"], readonly [one: string, several: string, instead: string]>;

function describeHeading(flows: readonly FlowReport[]): string {
  const [count, number] = flows.length === 1 ? ["1 flow", 0 as const] : [`${flows.length} flows`, 1 as const];
  const kinds = [...new Set(flows.map(({ observed }) => observed.kind))];
  const instead = describeInstead(flows, kinds);
  if (kinds.length > LISTED || isCrossed(flows)) return `${count} ${["lands", "land"][number]} elsewhere than required`;
  const ends = kinds.map((kind) => {
    const where = kind === "listener" ? ` ${nameListeners(flows.map(({ observed }) => observed))}` : "";
    return `${VERBS[kind][number]}${where}`;
  });
  return ends.length === 1
    ? `${count} ${ends.join("")}${instead}`
    : `${count} ${ends.join(", or ")}${instead === "" ? "" : `,${instead}`}`;
}

/** Says whether what some flows land on is required of others: to name the one instead of the other would say nothing. */
function isCrossed(flows: readonly FlowReport[]): boolean {
  const seen = new Set(flows.map(({ observed }) => nameEnd(observed)));
  const required = flows.filter((flow) => isLanding(flow.expected) && !hasSameEnd(flow.expected, flow.observed));
  return flows.length > 1 && required.some(({ expected }) => isLanding(expected) && seen.has(nameEnd(expected)));
}

/** Several ends are one where all flows were to go on to where they were dialled. */
function describeInstead(flows: readonly FlowReport[], kinds: readonly Landing["kind"][]): string {
  // What a proxy sends on was to go wherever its own connection goes.
  const direct = flows.filter(({ manner }) => manner === "answer");
  const asked = direct.length > 0 ? direct : flows;
  const required = [...new Set(asked.map(({ expected }) => describeRequired(expected, kinds)))];
  if (required.length === 1 && flows.every(({ expected, observed }) => hasSameEnd(expected, observed)))
    return describeOtherWay(flows);
  if (required.length === 1) return ` instead of ${required.join("")}`;
  const places = asked.map(({ expected }) => (isAsDialled(expected) ? AS_DIALLED : describeRequired(expected, kinds)));
  const ends = [...new Set(places)].toSorted((a, b) => Number(a === AS_DIALLED) - Number(b === AS_DIALLED));
  return ends.length <= LISTED ? ` instead of ${listAlternatives(ends)}` : "";
}

const AS_DIALLED = "where they were dialled";

function isAsDialled(expected: Expectation): boolean {
  return (
    isLanding(expected) &&
    expected.hops.length === 0 &&
    expected.originalDestination === null &&
    (expected.kind === "listener" || expected.kind === "refused")
  );
}

function hasSameEnd(expected: Expectation, observed: Landing): boolean {
  return isLanding(expected) && expected.kind === observed.kind && nameEnd(expected) === nameEnd(observed);
}

/** What is wrong with flows that land on the listener that is required. */
function describeOtherWay(flows: readonly FlowReport[]): string {
  const differs = flows.some(({ expected, observed }) => expected.originalDestination !== observed.originalDestination);
  if (!differs) return ", but in another way than required";
  return flows.every(({ observed }) => observed.originalDestination === null)
    ? ", but dialled there and not redirected"
    : ", but with another original destination than required";
}

/** How many alternatives a heading names. */
const LISTED = 3;

/** One end by its port; several by their names, where they are few. */
function nameListeners(landings: readonly Landing[]): string {
  const taken = landings.filter(({ kind }) => kind === "listener");
  const ends = [...new Set(taken.map(nameEnd))];
  const names = [...new Set(taken.map(({ hops, listener }) => hops[0]?.listener ?? listener ?? "a listener"))];
  if (ends.length === 1) return ends.join("");
  return names.length <= LISTED ? listAlternatives(names) : "the wrong listener";
}

function listAlternatives(texts: readonly string[]): string {
  return [texts.slice(0, -1).join(", "), ...texts.slice(-1)].filter((text) => text !== "").join(" or ");
}

/** Behind "lands on A instead of" stands B alone. */
function describeRequired(expected: Expectation, observed: readonly Landing["kind"][]): string {
  if (!isLanding(expected)) return OPEN_ENDS[expected.kind].instead;
  const end = nameEnd(expected);
  const isListener = expected.kind === "listener" || expected.hops.length > 0;
  if (!isListener) return VERBS[expected.kind][2];
  return observed.length === 1 && observed[0] === "listener" ? end : `landing on ${end}`;
}

/** The listener that takes it first. */
function nameEnd({ kind, listener, port, hops }: Landing): string {
  const [hop] = hops;
  if (hop) return `${hop.listener}:${hop.port}`;
  return kind === "listener" ? `${listener}:${port}` : kind;
}

/** Gives what is known of a cause, as rows of a name and a text: what is at fault first. */
export function describeCause({ rule, wanted, why, kind, breaks, remedy }: CauseReport): readonly EvidenceRow[] {
  const taker = rule === null ? "none" : describeRule(rule);
  const rules: readonly EvidenceRow[] =
    kind === "missing-rule" && wanted !== null
      ? [["missing", describeMissingRule(wanted)], ...(rule === null ? [] : [["taken by", taker] as const])]
      : [
          ["rule", taker],
          ...(wanted === null || kind === "deciding-rule" ? [] : [["required", describeRule(wanted)] as const]),
        ];
  return [
    ...rules,
    // What takes the flows stands above.
    ...(kind === "missing-rule" && why === ANOTHER_TAKES ? [] : [["because", why] as const]),
    ...(breaks === undefined ? [] : [["breaks", `the requirement ${breaks}`] as const]),
    ...(remedy === undefined ? [] : [["remedy", remedy] as const]),
  ];
}

/** Gives what a flow was to get and what it got. */
export function describeEnds(flow: FlowReport, backend: BackendName): readonly EvidenceRow[] {
  const expected = describeLanding(flow.expected);
  return [["expected", expected] as const, [nameObserved(backend), describeGot(flow)] as const];
}

function nameFlow({ flow, manner }: FlowReport): string {
  return manner === "forward" ? `${flow} (forwarded)` : flow;
}
