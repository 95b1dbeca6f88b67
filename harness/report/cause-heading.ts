import { parseEndpoint } from "../model/address.ts";
import { type Expectation, isLanding } from "../model/expectation.ts";
import type { Landing } from "../model/landing.ts";
import { listWords, renderCount } from "../model/listed-words.ts";
import type { FlowReport } from "../model/report.ts";
import { AS_DIALLED, goesAsDialled, nameEnd, wentAsDialled } from "./flow-ends.ts";
import { OPEN_ENDS } from "./landing-phrase.ts";
import { isDoing, LISTED, listEndsOf, nameDoing, nameListeners, verbOf } from "./landing-verbs.ts";

/**
 * Gives what became of how many flows, and what was required instead: `168 flows land on app:15007 instead of envoy-inbound:15006`. Flows
 * that do not all have one fate are told by it: `6 flows go wrong: 2 loop; 4 land on app:22 instead of the original destination`.
 */
export function describeHeading(flows: readonly FlowReport[]): string {
  const whole = tellFate(flows);
  if (whole !== null) return `${renderCount(flows.length, "flow")} ${whole}`;
  const fates = [...Map.groupBy(flows, nameFate).values()].toSorted((a, b) => b.length - a.length);
  // A loop is the worst that there is.
  const isLoop = ([first]: readonly FlowReport[]) => first?.observed.kind === "loop";
  const inOrder = [...fates.filter(isLoop), ...fates.filter((fate) => !isLoop(fate))];
  const told = inOrder.length > LISTED ? inOrder.slice(0, LISTED - 1) : inOrder;
  const rest = flows.length - told.reduce((sum, fate) => sum + fate.length, 0);
  const texts = told.map((fate) => `${fate.length} ${tellFate(fate) ?? tellEnd(fate)}`);
  const others = rest > 0 ? [`${rest} in other ways: ${listEndsOf(inOrder.slice(told.length).flat())}`] : [];
  return `${renderCount(flows.length, "flow")} ${flows.length === 1 ? "goes" : "go"} wrong: ${[...texts, ...others].join("; ")}`;
}

/** What became of flows of one fate of which too much was required to be named. */
function tellEnd(flows: readonly FlowReport[]): string {
  const kind = flows[0]?.observed.kind ?? "listener";
  return kind === "listener" ? `${flows.length === 1 ? "lands" : "land"} elsewhere than required` : verbOf(flows, kind);
}

/** What flows have in common that one sentence can be about: how they ended, and what was required. */
function nameFate(flow: FlowReport): string {
  const { expected, observed } = flow;
  if (observed.kind === "loop") return observed.kind;
  const seen = wentAsDialled(flow) ? AS_DIALLED : nameEnd(observed);
  if (!isLanding(expected)) return `${seen} ${expected.kind}`;
  const isSame = hasSameEnd(expected, observed);
  return `${seen} ${isSame ? "same" : goesAsDialled(expected) ? AS_DIALLED : nameEnd(expected)}`;
}

/** What became of flows, in one sentence without its subject; null where that would name too much, or both of two for each other. */
function tellFate(flows: readonly FlowReport[]): string | null {
  const kinds = [...new Set(flows.map(({ observed }) => observed.kind))];
  const ends = new Set(flows.map(({ observed }) => nameEnd(observed)));
  const instead = describeInstead(flows, kinds);
  if (instead === null) return null;
  // Of many ports it is not where each flow landed that matters, but that nothing took it.
  const isPassed =
    ends.size > 1 && flows.every(wentAsDialled) && !flows.some(({ expected }) => goesAsDialled(expected));
  if (isPassed) return tellPassed(flows);
  if (kinds.length > LISTED || isCrossed(flows)) return null;
  const told = kinds.map((kind) => {
    const where = kind === "listener" ? ` ${nameListeners(flows.map(({ observed }) => observed))}` : "";
    return `${verbOf(flows, kind)}${where}`;
  });
  return told.length === 1
    ? `${told.join("")}${instead}`
    : `${told.join(", or ")}${instead === "" ? "" : `,${instead}`}`;
}

/** Flows that no rule took, although all of them were to be taken. */
function tellPassed(flows: readonly FlowReport[]): string | null {
  const [first, ...others] = new Set(flows.map(({ expected }) => describeEnd(expected)));
  if (first === undefined || others.length >= LISTED) return null;
  const isRedirect = flows.every(({ expected }) => (expected.hops[0] ?? expected).originalDestination !== null);
  const verb = isRedirect ? "being redirected to" : "landing on";
  const isListener = flows.every(({ expected }) => expected.kind === "listener" || expected.hops.length > 0);
  const ends = listWords([first, ...others], "or");
  return `${flows.length === 1 ? "goes" : "go"} to ${AS_DIALLED} instead of ${isListener ? `${verb} ` : ""}${ends}`;
}

function describeEnd(expected: Expectation): string {
  if (!isLanding(expected)) return OPEN_ENDS[expected.kind].instead;
  const isListener = expected.kind === "listener" || expected.hops.length > 0;
  return isListener ? nameEnd(expected) : nameDoing(expected.kind);
}

/** Says whether what some flows land on is required of others: to name the one instead of the other would say nothing. */
function isCrossed(flows: readonly FlowReport[]): boolean {
  const taken = flows.filter(({ observed }) => observed.kind === "listener");
  const seen = new Set(taken.map(({ observed }) => nameEnd(observed)));
  const required = flows.filter((flow) => isLanding(flow.expected) && !hasSameEnd(flow.expected, flow.observed));
  return flows.length > 1 && required.some(({ expected }) => isLanding(expected) && seen.has(nameEnd(expected)));
}

/** Several ends are one where all flows were to go on to their original destinations; null where there are too many. */
function describeInstead(flows: readonly FlowReport[], kinds: readonly Landing["kind"][]): string | null {
  // What a proxy sends on was to go wherever its own connection goes.
  const direct = flows.filter(({ manner }) => manner === "answer");
  const asked = direct.length > 0 ? direct : flows;
  const required = [...new Set(asked.map((flow) => describeRequired(flow, kinds)))];
  if (required.length === 1 && flows.every(({ expected, observed }) => hasSameEnd(expected, observed)))
    return describeOtherWay(flows);
  if (required.length === 1) return ` instead of ${required.join("")}`;
  // "Times out instead of" needs a verb behind it.
  const asDialled = isEveryListener(kinds) ? AS_DIALLED : `landing on ${AS_DIALLED}`;
  const places = asked.map((flow) => (goesAsDialled(flow.expected) ? asDialled : describeRequired(flow, kinds)));
  // A listener, the original destination, timing out: the one who reads "instead of" takes a name first, and a doing last.
  const rank = (end: string) => (end === asDialled ? 1 : isDoing(end) ? 2 : 0);
  const ends = [...new Set(places)].toSorted((a, b) => rank(a) - rank(b));
  return ends.length <= LISTED ? ` instead of ${listEnds(ends)}` : null;
}

/** `landing on envoy-inbound:15006, on app:22 or on the original destination`. */
function listEnds(ends: readonly string[]): string {
  const [first = "", ...others] = ends;
  const isEveryLanding = ends.every((end) => end.startsWith("landing "));
  return listWords([first, ...others.map((end) => (isEveryLanding ? end.replace("landing ", "") : end))], "or");
}

function isEveryListener(kinds: readonly Landing["kind"][]): boolean {
  return kinds.every((kind) => kind === "listener");
}

function hasSameEnd(expected: Expectation, observed: Landing): boolean {
  return isLanding(expected) && expected.kind === observed.kind && nameEnd(expected) === nameEnd(observed);
}

/** What is wrong with flows that land on the listener that is required. */
function describeOtherWay(flows: readonly FlowReport[]): string {
  const differs = flows.some(({ expected, observed }) => expected.originalDestination !== observed.originalDestination);
  if (!differs) return `, but ${describeOtherPart(flows)}`;
  return flows.every(({ observed }) => observed.originalDestination === null)
    ? ", but dialled there and not redirected"
    : ", but with another original destination than required";
}

/** What of such flows is not as required. */
function describeOtherPart(flows: readonly FlowReport[]): string {
  const hops = ({ hops: passed }: Pick<Landing, "hops">) => JSON.stringify(passed);
  if (flows.every(({ expected, observed }) => hops(expected) !== hops(observed)))
    return "by another way through the proxy than required";
  if (flows.every(({ expected, observed }) => expected.source !== null && !hasSameSource(expected, observed)))
    return "from another source address than required";
  return "in another way than required";
}

function hasSameSource(...ends: readonly Pick<Landing, "source">[]): boolean {
  const addresses = ends.map(({ source }) => (source === null ? null : (parseEndpoint(source)?.address ?? source)));
  return new Set(addresses).size === 1;
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
  if (!isListener) return nameDoing(expected.kind);
  return isEveryListener(kinds) ? end : `landing on ${end}`;
}
