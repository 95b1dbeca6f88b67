import { parseEndpoint, renderEndpoint } from "../model/address.ts";
import { type Expectation, isLanding, type OpenEnd } from "../model/expectation.ts";
import type { Hop, Landing } from "../model/landing.ts";
import { renderLanding } from "../model/landing-text.ts";
import type { FlowReport } from "../model/report.ts";
import { type RulePlace, renderOrigin } from "../model/rule-place.ts";

/**
 * Gives a landing with all that was seen: `envoy-inbound:15006, dialled 10.244.0.2:8080, from 10.244.0.3:41234`. A source port that the
 * kernel chooses freely, which a prediction writes as 0, is left out: `from 10.244.0.3`.
 */
export function describeLanding(landing: Expectation): string {
  if (!isLanding(landing)) return OPEN_ENDS[landing.kind].lands;
  const head = renderLanding({ ...landing, source: null });
  if (landing.kind === "loop") return `${head} ${describeHops(landing.hops)}`.trimEnd();
  if (landing.kind === "could-not-look") return `${head}: ${landing.cause ?? "no cause was reported"}`;
  if (landing.kind === "refused") return describeRefusal(landing, head);
  if (landing.replyFrom !== undefined) return `${head}, the answer came from ${landing.replyFrom}`;
  const dialled = landing.originalDestination === null ? "" : `, dialled ${landing.originalDestination}`;
  return `${head}${dialled}${landing.source === null ? "" : `, from ${describeSource(landing.source)}`}`;
}

/** Says what is demanded of a flow: `must land on envoy-inbound:15006`, `must not leave the pod`. */
export function describeDemand(expected: Expectation): string {
  return isLanding(expected) ? `must land on ${describeLanding(expected)}` : OPEN_ENDS[expected.kind].must;
}

/** Words for what is demanded without one landing: as one, as a demand, and as what a flow does not do. */
export const OPEN_ENDS = {
  "not-leave": {
    lands: "anywhere in the pod, or nowhere",
    must: "must not leave the pod",
    instead: "staying in the pod",
  },
  closed: { lands: "refused, or no answer", must: "must find the port closed", instead: "finding the port closed" },
} satisfies Record<OpenEnd, unknown>;

/** A prediction knows which end point refuses; who dialled does not. */
function describeRefusal({ address, port }: Landing, head: string): string {
  return address === null || port === null
    ? head
    : head.replace("refused", `refused at ${renderEndpoint(address, port)}`);
}

/** Hops that are alike and follow each other are counted: `envoy-inbound, dialled 10.244.0.2:8080 (8 times)`. */
function describeHops(hops: readonly Hop[]): string {
  const texts = hops.map(({ listener, originalDestination }) =>
    originalDestination === null ? listener : `${listener}, dialled ${originalDestination}`,
  );
  const firsts = [...texts.keys()].filter((i) => texts[i] !== texts[i - 1]);
  const runs = firsts.map((first, k) => ({ text: texts[first], times: (firsts[k + 1] ?? texts.length) - first }));
  return runs.map(({ text, times }) => (times === 1 ? text : `${text} (${times} times)`)).join("; ");
}

/** The model's endpoints carry brackets only beside a port. */
function describeSource(source: string): string {
  const endpoint = parseEndpoint(source);
  return endpoint?.port === 0 ? endpoint.address : source;
}

/**
 * Gives what a flow got. Who dials cannot tell which end refused it; where the prediction is a refusal as well, it says so. A port that the
 * kernel chose, another one each time, is left out.
 */
export function describeGot({
  observed,
  predicted,
  from,
}: Pick<FlowReport, "observed" | "predicted" | "from">): string {
  const isKnown = observed.kind === "refused" && observed.address === null && predicted?.kind === "refused";
  return describeLanding(isKnown ? predicted : dropChosenPort(observed, from));
}

function dropChosenPort(landing: Landing, from: FlowReport["from"]): Landing {
  const source = landing.source === null ? null : parseEndpoint(landing.source);
  if (source === null || from.port !== undefined) return landing;
  return { ...landing, source: renderEndpoint(source.address, 0) };
}

/**
 * Gives the landing a table shows: the observed one, its source only where the expected one names a source that is not the address the
 * flow was dialled from.
 */
export function shortenLanding({ expected, observed, from }: FlowReport): string {
  const { source } = expected;
  const hasOwnSource = source === null || (parseEndpoint(source)?.address ?? source) === from.address;
  return renderLanding(hasOwnSource ? { ...observed, source: null } : observed);
}

/**
 * Gives a rule's place in one line, with its file and line, and nft's handle, where it has them.
 *
 * @example
 * "nat ISTIO_OUTPUT 3 (rules.txt:12): -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN"
 */
export function describeRule(place: RulePlace): string {
  return `${nameFamily(place)}${describePlace(place)}: ${place.rule}`;
}

/** Gives a rule's place without its family and text: `pod output 2 (handle 5, pod.nft:7)`. */
export function describePlace(place: Omit<RulePlace, "family" | "rule">): string {
  const handle = place.handle === undefined ? [] : [`handle ${place.handle}`];
  const known = [...handle, renderOrigin(place) ?? []].flat();
  const aside = known.length === 0 ? "" : ` (${known.join(", ")})`;
  return `${place.table} ${place.chain} ${place.index}${aside}`;
}

/**
 * Gives a rule that is not there, with the chain where it is missing: among the rules that are there it has no number.
 *
 * @example
 * "nat ISTIO_OUTPUT: -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN"
 */
export function describeMissingRule(place: RulePlace): string {
  return `${nameFamily(place)}${place.table} ${place.chain}: ${place.rule}`;
}

function nameFamily({ family }: RulePlace): string {
  return family === 6 ? "ip6 " : "";
}
