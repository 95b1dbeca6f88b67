import { type Expectation, isLanding } from "../model/expectation.ts";
import type { Landing } from "../model/landing.ts";
import { listWords } from "../model/listed-words.ts";
import type { FlowReport } from "../model/report.ts";
import { OPEN_ENDS } from "./landing-phrase.ts";

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

/** Gives what became of how many flows, and what was required instead: `168 flows land on app:15007 instead of envoy-inbound:15006`. */
export function describeHeading(flows: readonly FlowReport[]): string {
  const [count, number] = flows.length === 1 ? ["1 flow", 0 as const] : [`${flows.length} flows`, 1 as const];
  const kinds = [...new Set(flows.map(({ observed }) => observed.kind))];
  const instead = describeInstead(flows, kinds);
  if (kinds.length > LISTED || isCrossed(flows)) {
    // A loop is the worst that there is.
    const loops = kinds.includes("loop") ? `${VERBS.loop[number]} or ` : "";
    return `${count} ${loops}${["lands", "land"][number]} elsewhere than required`;
  }
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
  const required = [...new Set(asked.map((flow) => describeRequired(flow, kinds)))];
  if (required.length === 1 && flows.every(({ expected, observed }) => hasSameEnd(expected, observed)))
    return describeOtherWay(flows);
  if (required.length === 1) return ` instead of ${required.join("")}`;
  const places = asked.map((flow) => (goesAsDialled(flow.expected) ? AS_DIALLED : describeRequired(flow, kinds)));
  // A listener, where they were dialled, timing out: the one who reads "instead of" takes a name first, and a doing last.
  const rank = (end: string) => (end === AS_DIALLED ? 1 : isDoing(end) ? 2 : 0);
  const ends = [...new Set(places)].toSorted((a, b) => rank(a) - rank(b));
  return ends.length <= LISTED ? ` instead of ${listWords(ends, "or")}` : "";
}

/** What is required of flows that nobody is to take. */
export const AS_DIALLED = "where they were dialled";

function isDoing(end: string): boolean {
  return Object.values(VERBS).some(([, , instead]) => end === instead);
}

/** Says whether a flow is to land, or to be refused, where it was dialled. */
export function goesAsDialled(expected: Expectation): boolean {
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
  return names.length <= LISTED ? listWords(names, "or") : "the wrong listener";
}

/** Behind "lands on A instead of" stands B alone. */
function describeRequired({ expected, observed }: FlowReport, kinds: readonly Landing["kind"][]): string {
  if (!isLanding(expected)) return OPEN_ENDS[expected.kind].instead;
  const isPassedOn = expected.kind === "listener" && expected.hops.length > 0 && observed.hops.length > 0;
  // Whoever takes it first did so: what comes behind is wrong.
  if (isPassedOn && observed.kind !== "listener" && nameEnd(observed) === nameEnd(expected))
    return `reaching ${expected.listener}:${expected.port}`;
  const end = nameEnd(expected);
  const isListener = expected.kind === "listener" || expected.hops.length > 0;
  if (!isListener) return VERBS[expected.kind][2];
  return kinds.length === 1 && kinds[0] === "listener" ? end : `landing on ${end}`;
}

/** Gives the listener that takes a flow first, `envoy-inbound:15006`, or the kind of a landing without one. */
export function nameEnd({ kind, listener, port, hops }: Landing): string {
  const [hop] = hops;
  if (hop) return `${hop.listener}:${hop.port}`;
  return kind === "listener" ? `${listener}:${port}` : kind;
}
