import { hasKernel } from "../model/backends.ts";
import { type BackendName, type FlowReport, judgePrediction, type Omission } from "../model/report.ts";
import { describeGot, describeLanding, describeRule } from "./landing-phrase.ts";

/** One thing that is known of a flow or of rules, under a short name: `["got", "refused"]`. */
export type EvidenceRow = readonly [name: string, text: string];

/** Where the texts of aligned rows begin: behind the names, the longest of which is `predicted`, and a blank. */
export const EVIDENCE_INDENT = 10;

/** What a flow that landed otherwise than the simulator says means for who reads of it. */
export const MISPREDICTED =
  "the kernel did something other than predicted: this is a defect of landfall, or of its observation; please report it";

/**
 * Gives everything that is known of a flow: what was expected, what it got, the prediction where that is another, the rules that took it,
 * and what should have. Where nothing is driven a flow gets nothing: what a simulated sandbox gives is a prediction.
 */
export function listEvidence(flow: FlowReport, backend: BackendName): readonly EvidenceRow[] {
  const isDriven = nameObserved(backend) === "got";
  const { rulesBy } = flow;
  const told = isDriven || rulesBy === "nobody" ? flow : { ...flow, rulesBy: "prediction" as const };
  return [
    ["expected", describeLanding(flow.expected)],
    ...(isDriven && flow.predicted !== null && judgePrediction(flow) !== "agrees"
      ? [["predicted", describeLanding(flow.predicted)] as const]
      : []),
    [nameObserved(backend), describeGot(flow)],
    ...(flow.verdict === "could-not-look" ? [] : describeRules(told).map((rule) => ["rule", rule] as const)),
    ...describeWanted(flow),
    ...(judgePrediction(flow) === "disagrees" ? [["defect", MISPREDICTED] as const] : []),
  ];
}

/** Gives the name of the row that says where a flow landed: in a simulated sandbox nothing is driven. */
export function nameObserved(backend: BackendName): "got" | "predicted" {
  return hasKernel(backend) ? "got" : "predicted";
}

/** Gives rows as lines, the texts beneath each other. */
export function alignEvidence(rows: readonly EvidenceRow[]): readonly string[] {
  return rows.map(([name, text]) => name.padEnd(EVIDENCE_INDENT) + text);
}

/** Gives what user-supplied rules leave out, as rows of a name and a text. */
export function describeOmission(omission: Omission): readonly EvidenceRow[] {
  const { missing, witness, expected, predicted, why } = omission;
  return [
    ["missing", missing.length > 0 ? missing.join("; ") : "no rule text, but the marks do not lead to the proxy"],
    ["witness", `${witness}, which passes through the pod; simulated`],
    ["expected", describeLanding(expected)],
    ["predicted", describeLanding(predicted)],
    ["why", why],
  ];
}

/** What is known of the rules that took a flow, a line each; one line that says why where there is none. */
function describeRules({ rules, rulesBy }: FlowReport): readonly string[] {
  if (rulesBy === "nobody") return ["unknown: the flow could not be driven alone, and there is no prediction"];
  if (rules.length === 0) return [rulesBy === "counters" ? "no rule's counter changed" : "none, as predicted"];
  return rules.map((place) => describeRule(place) + (rulesBy === "counters" ? "" : " (predicted)"));
}

/** What should have taken a flow that landed wrong; nothing where that is not known. */
function describeWanted({ wanted }: FlowReport): readonly EvidenceRow[] {
  if (wanted === null) return [];
  const { rule, routing, nearest } = wanted;
  if (rule === null) return [["required", `policy routing: ${routing.join("; ")}`]];
  const near = nearest === null ? "there is no similar rule" : `${describeRule(nearest.rule)}; ${nearest.why}`;
  return [
    ["required", describeRule(rule)],
    ["nearest", near],
  ];
}

/** Says whether a row of this name is a sentence; the others quote rules and landings: `isSentence("remedy")` is true. */
export function isSentence(name: string): boolean {
  return ["because", "why", "breaks", "rest", "remedy"].includes(name);
}
