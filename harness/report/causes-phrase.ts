import { isLanding } from "../model/expectation.ts";
import type { Landing } from "../model/landing.ts";
import type { BackendName, CauseReport, FlowReport, ScenarioReport } from "../model/report.ts";
import { type EvidenceRow, nameObserved } from "./evidence.ts";
import { describeGot, describeLanding, describeRule } from "./landing-phrase.ts";

/** Flows of one cause that are shown with all that is known of their landings. */
const IN_FULL = 2;
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
      // A reader knows the flows that the scenario names, rather than those that stand for a class.
      const inOrder = flows.toSorted((a, b) => Number(a.chosenFor === "class") - Number(b.chosenFor === "class"));
      return {
        heading: describeHeading(inOrder),
        rows: describeCause(cause),
        shown: inOrder.slice(0, IN_FULL).map((flow) => ({ flow, rows: describeEnds(flow, backend) })),
        others: inOrder.slice(IN_FULL, IN_FULL + NAMED).map(nameFlow),
        unnamed: Math.max(inOrder.length - IN_FULL - NAMED, 0),
      };
    });
}

function keyOf({ flow, manner }: CauseReport["flows"][number]): string {
  return `${manner} ${flow}`;
}

/** What flows do that land so: one flow, several flows. */
const VERBS = {
  listener: ["lands on", "land on"],
  refused: ["is refused", "are refused"],
  reset: ["is reset", "are reset"],
  unreachable: ["finds no way", "find no way"],
  "timed-out": ["times out", "time out"],
  unanswered: ["gets no answer", "get no answer"],
  loop: ["loops", "loop"],
  "could-not-look": ["could not be observed", "could not be observed"],
} satisfies Record<Landing["kind"], readonly [string, string]>;

function describeHeading(flows: readonly FlowReport[]): string {
  const [one, several] = flows.length === 1 ? ["1 flow", 0] : [`${flows.length} flows`, 1];
  const kinds = new Set(flows.map(({ observed }) => observed.kind));
  const ends = new Set(flows.map(({ observed }) => nameEnd(observed)));
  const required = new Set(flows.map(({ expected }) => (isLanding(expected) ? nameEnd(expected) : "inside the pod")));
  const instead = required.size === 1 ? ` instead of ${[...required].join("")}` : "";
  const [kind] = kinds;
  if (kind === undefined || kinds.size > 1) return `${one} ${several === 0 ? "lands" : "land"} elsewhere than required`;
  const verb = VERBS[kind][several === 0 ? 0 : 1];
  if (kind !== "listener") return `${one} ${verb}${instead === "" ? "" : `${instead.replace("of", "of landing on")}`}`;
  return ends.size === 1 ? `${one} ${verb} ${[...ends].join("")}${instead}` : `${one} ${verb} the wrong listener`;
}

/** The listener that takes it first. */
function nameEnd({ kind, listener, port, hops }: Landing): string {
  const [hop] = hops;
  if (hop) return `${hop.listener}:${hop.port}`;
  return kind === "listener" ? `${listener}:${port}` : kind;
}

/** Gives what is known of a cause, as rows of a name and a text. */
export function describeCause({ rule, wanted, why, kind }: CauseReport): readonly EvidenceRow[] {
  return [
    ["rule", rule === null ? "none" : describeRule(rule)],
    ...(wanted === null || kind === "deciding-rule"
      ? []
      : [[kind === "missing-rule" ? "missing" : "required", describeRule(wanted)] as const]),
    ["because", why],
  ];
}

/** Gives what a flow was to get and what it got. */
export function describeEnds(flow: FlowReport, backend: BackendName): readonly EvidenceRow[] {
  return [
    ["expected", describeLanding(flow.expected)],
    [nameObserved(backend), describeGot(flow)],
  ];
}

function nameFlow({ flow, manner }: FlowReport): string {
  return manner === "forward" ? `${flow} (forward)` : flow;
}
