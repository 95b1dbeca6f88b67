import { parseEndpoint } from "../model/address.ts";
import type { Hop, Landing } from "../model/landing.ts";
import { renderLanding } from "../model/landing-text.ts";
import type { FlowReport, Omission } from "../model/report.ts";
import type { RulePlace } from "../model/ruleset.ts";

/**
 * Gives a landing with all that was seen: `envoy-inbound:15006, dialled 10.244.0.2:8080, from 10.244.0.3:41234`. A source port that the
 * kernel chooses freely, which a prediction writes as 0, is left away: `from 10.244.0.3`.
 */
export function describeLanding(landing: Landing): string {
  const head = renderLanding({ ...landing, source: null });
  if (landing.kind === "loop") return `${head} ${describeHops(landing.hops)}`.trimEnd();
  if (landing.kind === "could-not-look") return `${head}: ${landing.cause ?? "no cause was given"}`;
  const dialled = landing.originalDestination === null ? "" : `, dialled ${landing.originalDestination}`;
  return `${head}${dialled}${landing.source === null ? "" : `, from ${describeSource(landing.source)}`}`;
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

/** Gives the landing a table shows: the observed one, its source only where the expected one names a source. */
export function shortenLanding({ expected, observed }: FlowReport): string {
  return renderLanding(expected.source === null ? { ...observed, source: null } : observed);
}

/** Gives a rule's place in one line: `nat ISTIO_OUTPUT 3: -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN`. */
export function describeRule(place: RulePlace): string {
  const family = place.family === 6 ? "ip6 " : "";
  return `${family}${place.table} ${place.chain} ${place.index}: ${place.rule}`;
}

/** Gives what is known of the rules that took a flow, a line each; one line that says why where there is none. */
export function describeRules({ rules, rulesBy }: FlowReport): readonly string[] {
  if (rulesBy === "nobody") return ["not known: the flow could not be driven alone, and was not predicted"];
  if (rules.length === 0) return [rulesBy === "counters" ? "no rule counted it" : "none, as predicted"];
  return rules.map((place) => describeRule(place) + (rulesBy === "counters" ? "" : " (predicted)"));
}

/** Gives what rules from outside leave out, as rows of a name and a text. */
export function describeOmission(omission: Omission): readonly (readonly [string, string])[] {
  const { missing, witness, expected, predicted, why } = omission;
  return [
    [
      "missing",
      missing.length > 0 ? missing.join("; ") : "nothing by its words, but the marks do not lead to the proxy",
    ],
    ["witness", `${witness}, which passes through the pod; simulated`],
    ["expected", describeLanding(expected)],
    ["predicted", describeLanding(predicted)],
    ["why", why],
  ];
}

/** What a flow that landed otherwise than the simulator says means for who reads of it. */
export const MISPREDICTED =
  "the prediction is not what the kernel did: a defect of landfall itself, or of what it saw; please report it";

/** Gives what should have taken a flow that landed wrong, as rows of a name and a text; none where that is not known. */
export function describeWanted({ wanted }: FlowReport): readonly (readonly [string, string])[] {
  if (wanted === null) return [];
  const { rule, routing, nearest } = wanted;
  const missing = rule === null ? `policy routing: ${routing.join("; ")}` : describeRule(rule);
  if (rule === null) return [["wanted", missing]];
  const near = nearest === null ? "no rule is like it" : `${describeRule(nearest.rule)}; ${nearest.why}`;
  return [
    ["wanted", missing],
    ["nearest", near],
  ];
}
