import type { CauseReport } from "../model/cause-report.ts";
import type { BackendName, FlowReport, FlowVerdict, ScenarioReport } from "../model/report.ts";
import type { RulePlace } from "../model/rule-place.ts";
import { describeCause, describeEnds, sortCauses } from "./causes-phrase.ts";
import { renderRows } from "./html-evidence.ts";
import { type Html, html } from "./html-text.ts";
import { describeRule, shortenLanding } from "./landing-phrase.ts";
import { MARKS } from "./marks.ts";
import { isInCause, selectEvidence, type ToldCauses } from "./told-causes.ts";

/** Gives the id of a flow's row, by which the page links to it: `flow-3-17`, the fourth scenario's eighteenth flow. */
export function nameRow(scenarioIndex: number, flowIndex: number): string {
  return `flow-${scenarioIndex}-${flowIndex}`;
}

/** Gives the id of a cause, by which its flows link to it: `cause-3-0`, the first that is told of the fourth scenario. */
export function nameCause(scenarioIndex: number, causeIndex: number): string {
  return `cause-${scenarioIndex}-${causeIndex}`;
}

/** What is told of its cause beneath each flow: what there is to mend. */
const TOLD_AGAIN = ["rule", "missing", "remedy"];
/** What a flow's cause says of its rules. */
const SAID_BY_CAUSE = ["required", "nearest"];

/**
 * Gives a flow's row of its scenario's table, and beneath it what is known of a flow that did not go as it should. What rules
 * of the mesh's own are like those that it met is said by its cause alone: in chains of other names the first difference is a name.
 */
export function renderFlow(
  flow: FlowReport,
  [scenarioIndex, flowIndex]: readonly [scenarioIndex: number, flowIndex: number],
  told: ToldCauses,
  { backend, scenario }: { readonly backend: BackendName; readonly scenario: Pick<ScenarioReport, "causes"> },
): Html {
  const row = nameRow(scenarioIndex, flowIndex);
  const isExplained = isInCause(flow, scenario);
  const rows = selectEvidence(flow, told, backend);
  const causes = isExplained ? sortCauses(scenario) : [];
  const causeIndex = findCause(flow, causes);
  const cause = causes[causeIndex];
  const evidence = cause
    ? [...describeEnds(flow, backend), ...describeCause(cause).filter(([name]) => TOLD_AGAIN.includes(name))]
    : rows.filter(([name]) => !isExplained || !SAID_BY_CAUSE.includes(name));
  return html`<tr class="${flow.verdict}-row" id="${row}"><td>${renderMark(flow.verdict)}</td><td><a href="#${row}">${flow.flow}</a></td><td>${flow.manner}</td><td>${shortenLanding(flow)}</td><td>${flow.observed.originalDestination ?? ""}</td><td>${describeDeciding(flow)}</td></tr>
${evidence.length === 0 ? html`` : html`<tr class="evidence"><td colspan="6">${renderRows(evidence)}${cause ? linkToCause(nameCause(scenarioIndex, causeIndex), cause) : html``}</td></tr>`}`;
}

function linkToCause(id: string, { flows }: CauseReport): Html {
  const others = flows.length === 1 ? "" : ` of ${flows.length} flows`;
  return html`<p class="dim"><a href="#${id}">the cause${others}</a></p>`;
}

/** Gives what decided where a flow landed: `nat ISTIO_OUTPUT 3 (rules.txt:12): -m owner --uid-owner 1337 -j RETURN`. */
function describeDeciding({ decidedBy, rules }: FlowReport): string {
  if (decidedBy === undefined) return "";
  if (decidedBy.kind === "policy") return `policy of ${decidedBy.policy}`;
  const rule = decidedBy.kind === "rule" ? rules[decidedBy.rule] : undefined;
  return rule === undefined ? "none" : describeRule(dropChain(rule));
}

function findCause(flow: FlowReport, causes: readonly CauseReport[]): number {
  return causes.findIndex(({ flows }) => flows.some((each) => each.flow === flow.flow && each.manner === flow.manner));
}

/** A mark that is read aloud as what it means. */
function renderMark(verdict: FlowVerdict): Html {
  const words = { pass: null, wrong: "not as expected", "could-not-look": "could not be observed" }[verdict];
  return words === null ? html`${MARKS[verdict]}` : html`<abbr title="${words}">${MARKS[verdict]}</abbr>`;
}

/** Gives a rule without the chain that begins it, for where that is named beside it. */
export function dropChain<Place extends RulePlace>(place: Place): Place {
  return { ...place, rule: place.rule.replace(`-A ${place.chain} `, "") };
}
