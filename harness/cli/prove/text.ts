import type { LandedFlow, PropertyResult } from "../../analysis/proof/prove.ts";
import { describeDeviations } from "../../contract/strict-contract.ts";
import { FLOW_PROTOCOLS, type Flow, type FlowProtocol, type Manner } from "../../model/flow.ts";
import type { FlowSet } from "../../model/flow-set.ts";
import { flowData, renderFlowText } from "../../model/flow-spec.ts";
import { findPeerMark, type PodShape } from "../../model/pod-shape.ts";
import type { RulePlace } from "../../model/rule-place.ts";
import { listProtocolNames } from "../../report/classes-phrase.ts";
import { renderJson } from "../../report/json.ts";
import { describeLanding, describeRule } from "../../report/landing-phrase.ts";
import { wrapLine } from "../../report/wrap-line.ts";
import type { ObservedLanding } from "../../run/observation/claims.ts";
import { listLanded, type ObservationOf } from "../../run/observation/results.ts";
import { nameProtocols, withinData } from "../arguments/restriction.ts";
import type { Display } from "../command.ts";
import { chooseColumns } from "../output/text-columns.ts";

/** Where texts begin behind the words that name them. */
const TEXT_INDENT = 11;

/** Gives the results as data; where they were observed, each flow with what the kernel did. */
export function renderProofData(
  results: readonly PropertyResult[],
  observationOf: ObservationOf,
  within: FlowSet | undefined,
): string {
  const show = (landed: LandedFlow) => {
    const observed = observationOf(landed);
    const { manner, landing, assumed, listRules } = landed;
    return {
      manner,
      landing,
      assumed: Object.fromEntries(assumed),
      rules: listRules(),
      ...(observed ? { observed } : {}),
    };
  };
  const properties = results.map(
    ({ name, protocols, holds, classes, unjudged, deviations, exceptions, counterexample }) => ({
      name,
      protocols,
      holds,
      classes,
      unjudged,
      deviations: deviations.map(({ tool, promise, flows: [example] }) => ({
        tool,
        promise,
        flow: example && renderFlowText(example.spec),
      })),
      exceptions: exceptions.map((each) => ({ flow: flowData(each.flow), ...show(each), reason: each.reason })),
      counterexample: counterexample && { ...flowData(counterexample.flow), ...show(counterexample) },
    }),
  );
  return renderJson({ ...withinData(within), protocols: spokenProtocols(results), properties });
}

/** What a text about proofs needs besides them: the width of the display, and how to name commands and places. */
export interface ProofLook {
  readonly display: Pick<Display, "columns">;
  /** The pod that the proofs speak of. */
  readonly shape: PodShape;
  /** Gives the command that shows a flow's way through the same rules; null where no command can have them. */
  readonly explain: (flow: Flow, manner: Manner) => string | null;
  /** Gives a rule's place with its file and line, where it came from one. */
  readonly inFile: (place: RulePlace) => RulePlace;
  /** What rules from outside are judged by; null of rules that the settings have made. */
  readonly requiredBy: { readonly label: string; readonly text: string } | null;
}

/** Tells the results to a person, no line wider than the display, one unbroken word aside. */
export function renderProofText(
  results: readonly PropertyResult[],
  observationOf: ObservationOf,
  look: ProofLook,
): string {
  const lines = results.flatMap((result) => renderResult(result, observationOf, look));
  const named = listProtocolNames(spokenProtocols(results));
  const but = findPeerMark(look.shape) === null ? ", but for those of sockets with another host's address" : "";
  const scope = `Every ${named} flow that can reach the rules is checked${but}; other protocols are not analysed.`;
  const observed = listLanded(results).flatMap((landed) => observationOf(landed) ?? []);
  const width = chooseColumns(look.display);
  const required = look.requiredBy === null ? [] : [`${look.requiredBy.label} ${look.requiredBy.text}`];
  return [...lines, scope, ...required, ...renderSummary(observed)]
    .map((line) => `${isCommand(line) ? line : wrapLine(line, indentOf(line), width)}\n`)
    .join("");
}

/** Gives the protocols over which some property was proven. */
function spokenProtocols(results: readonly PropertyResult[]): readonly FlowProtocol[] {
  return FLOW_PROTOCOLS.filter((protocol) => results.some(({ protocols }) => protocols.includes(protocol)));
}

/** A command is pasted as it stands. */
function isCommand(line: string): boolean {
  return line.startsWith("  explain ");
}

/** What follows a name stays behind it where it goes on beneath. */
function indentOf(line: string): number {
  return line.search(/\S/) + (/^ {2}(flow|landing|where|rule|kernel|note|explain) /.test(line) ? TEXT_INDENT - 2 : 2);
}

function renderResult(result: PropertyResult, observationOf: ObservationOf, look: ProofLook): readonly string[] {
  const { name, says, holds, counterexample, deviations, exceptions } = result;
  const reasons = Map.groupBy(exceptions, ({ reason }) => reason);
  return [
    `${name} ${describeOutcome(result)}`,
    ...(says === undefined || holds ? [] : [`  says     ${says}`]),
    ...(counterexample ? renderCounterexample(counterexample, observationOf(counterexample), look) : []),
    ...describeDeviations(deviations, "class").map((text) => `  note     ${text}`),
    ...[...reasons].flatMap(([reason, members]) => renderExceptions(reason, members, observationOf)),
  ];
}

function describeOutcome({ protocols, classes, unjudged, counterexample }: PropertyResult): string {
  const judged = ` (${classes} ${classes === 1 ? "class" : "classes"} checked)`;
  if (counterexample !== null && counterexample.landing.kind !== "could-not-look") return `does not hold${judged}`;
  if (unjudged.length > 0)
    return `is not known to hold: no ${nameProtocols(protocols)} flow that can reach the rules concerns ${unjudged.join(", ")}${judged}`;
  if (counterexample !== null) return `is not known to hold${judged}`;
  return classes === 0 ? "concerns no flow" : `holds${judged}`;
}

function renderCounterexample(
  { flow, manner, landing, assumed, listRules }: LandedFlow,
  observed: ObservedLanding | undefined,
  { explain, inFile }: ProofLook,
): readonly string[] {
  const rules = listRules().map(inFile);
  const command = explain(flow, manner);
  return [
    `  flow     ${renderFlowText(flow.spec)}${manner === "forward" ? ", where the proxy forwards" : ""}`,
    `  landing  ${describeLanding(landing)}`,
    ...[...assumed].map(([match, answer]) => `  where    ${match} ${answer}`),
    ...(rules.length === 0 ? ["  rule     none"] : rules.map((rule) => `  rule     ${describeRule(rule)}`)),
    ...(observed ? [`  kernel   ${observed.verdict}: ${describeLanding(observed.landing)}`] : []),
    ...(command === null ? [] : [`  explain  ${command}`]),
  ];
}

/** One line a flow, with what the kernel made of it behind; its landing is told only where it is another. */
function renderExceptions(
  reason: string,
  members: readonly LandedFlow[],
  observationOf: ObservationOf,
): readonly string[] {
  const widest = Math.max(...members.map(({ flow }) => renderFlowText(flow.spec).length));
  return [
    `  except flows ${reason}:`,
    ...members.map((member) => {
      const observed = observationOf(member);
      const other = observed && observed.verdict !== "confirmed" ? `: ${describeLanding(observed.landing)}` : "";
      const kernel = observed ? ` [${observed.verdict}${other}]` : "";
      return `    ${renderFlowText(member.flow.spec).padEnd(widest)}  ${describeLanding(member.landing)}${kernel}`;
    }),
  ];
}

function renderSummary(observed: readonly ObservedLanding[]): readonly string[] {
  if (observed.length === 0) return [];
  const count = (verdict: ObservedLanding["verdict"]) => observed.filter((each) => each.verdict === verdict).length;
  const [confirmed, contradicted, missing] = [count("confirmed"), count("contradicted"), count("not-observed")];
  return [
    `The kernel confirms ${confirmed} of ${observed.length} flows${missing > 0 ? `; ${missing} could not be observed` : ""}.`,
    ...(contradicted > 0
      ? [`It contradicts ${contradicted}. This is a defect of landfall itself; please report it.`]
      : []),
  ];
}
