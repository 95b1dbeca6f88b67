import type { Landing } from "../model/landing.ts";
import { listWords } from "../model/listed-words.ts";
import type { FlowReport } from "../model/report.ts";
import { AS_DIALLED, nameEnd, wentAsDialled } from "./flow-ends.ts";

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

/** How many alternatives a heading names. */
export const LISTED = 3;

/** Gives what flows do that land so: `lands on`, `time out`. */
export function verbOf({ length }: readonly unknown[], kind: Landing["kind"]): string {
  return VERBS[kind][length === 1 ? 0 : 1];
}

/** Gives what was required of flows that were to land so, behind "instead of": `timing out`. */
export function nameDoing(kind: Landing["kind"]): string {
  return VERBS[kind][2];
}

/** Says whether a text is one of those. */
export function isDoing(text: string): boolean {
  return Object.values(VERBS).some(([, , doing]) => text === doing);
}

/** Gives the listeners that took flows: one end by its port, `app:15007`; several by their names alone, where they are few. */
export function nameListeners(landings: readonly Landing[]): string {
  const taken = landings.filter(({ kind }) => kind === "listener");
  const ends = [...new Set(taken.map(nameEnd))];
  const names = [...new Set(taken.map(({ hops, listener }) => hops[0]?.listener ?? listener ?? "a listener"))];
  if (ends.length === 1) return ends.join("");
  return names.length <= LISTED ? listWords(names, "or") : "the wrong listener";
}

/**
 * Gives what became of flows whatever was required of them, most first: `2 go to the original destination, 1 times out and 1 lands on app`.
 */
export function listEndsOf(flows: readonly FlowReport[]): string {
  const ends = [...Map.groupBy(flows, nameLanding).values()].toSorted((a, b) => b.length - a.length);
  return listWords(
    ends.map((alike) => `${alike.length} ${tellLanding(alike)}`),
    "and",
  );
}

/** Listeners by their names: of many ports each would be an end. */
function nameLanding(flow: FlowReport): string {
  const { kind, listener, hops } = flow.observed;
  if (wentAsDialled(flow)) return AS_DIALLED;
  return kind === "listener" ? `on ${hops[0]?.listener ?? listener}` : kind;
}

function tellLanding(flows: readonly FlowReport[]): string {
  const [first] = flows;
  if (first === undefined || wentAsDialled(first)) return `${flows.length === 1 ? "goes" : "go"} to ${AS_DIALLED}`;
  const { kind } = first.observed;
  const where = kind === "listener" ? ` ${nameListeners(flows.map(({ observed }) => observed))}` : "";
  return `${verbOf(flows, kind)}${where}`;
}
