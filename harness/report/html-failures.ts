import type { BackendName, FlowReport, Report, ScenarioReport } from "../model/report.ts";
import { countUnnamed, type ToldCause, tellCauses } from "./causes-phrase.ts";
import { renderFlowCommands } from "./html-command.ts";
import { renderOmission, renderRows } from "./html-evidence.ts";
import { nameCause, nameRow } from "./html-flow.ts";
import { type LinkTo, renderKeptEvidence } from "./html-rules.ts";
import { type Html, html } from "./html-text.ts";
import { shortenLanding } from "./landing-phrase.ts";
import { MARKS } from "./marks.ts";
import { isClear, selectEvidence, type ToldCauses } from "./told-causes.ts";

/** One flow to be explained; `row` is the id of its row in the scenario's table. */
interface Failure {
  readonly flow: FlowReport;
  readonly row: string;
}

/** What of one scenario is to be explained. */
interface FailedScenario {
  readonly scenario: ScenarioReport;
  /** Its place among the scenarios of the report. */
  readonly index: number;
  readonly failures: readonly Failure[];
}

/**
 * Gives what a reader has to see before anything else: every flow that did not land as expected or as predicted, and what rules leave out,
 * explained, with a link to its row. Wrong landings come first, what could not be observed last. Nothing where all is well.
 */
export function renderFailures({ scenarios, sandbox: { backend } }: Report, linkTo: LinkTo): Html {
  const failed = scenarios
    .map((scenario, index) => ({ scenario, index, failures: listFailures(scenario, index) }))
    .filter(({ scenario, failures }) => failures.length > 0 || scenario.omissions.length > 0)
    .sort((a, b) => rankScenario(a) - rankScenario(b));
  if (failed.length === 0) return html``;
  return html`<section class="failures"><h2>Problems</h2>
${failed.map((each) => renderFailedScenario(each, backend, linkTo))}</section>
`;
}

function listFailures({ flows }: ScenarioReport, scenarioIndex: number): readonly Failure[] {
  return flows
    .map((flow, i) => ({ flow, row: nameRow(scenarioIndex, i) }))
    .filter(({ flow }) => !isClear(flow))
    .sort((a, b) => rankFlow(a.flow) - rankFlow(b.flow));
}

/** A wrong landing outranks a wrong prediction, and that what could not be observed, as they do in exit codes. */
function rankFlow({ verdict }: FlowReport): number {
  return { wrong: 0, pass: 1, "could-not-look": 2 }[verdict];
}

function rankScenario({ scenario, failures }: FailedScenario): number {
  return scenario.omissions.length > 0 ? 0 : Math.min(...failures.map(({ flow }) => rankFlow(flow)));
}

function renderFailedScenario(
  { scenario, index, failures }: FailedScenario,
  backend: BackendName,
  linkTo: LinkTo,
): Html {
  const told: ToldCauses = new Map();
  const causes = tellCauses(scenario, backend);
  const isInCause = ({ flow }: Failure) => scenario.causes !== undefined && flow.verdict === "wrong";
  const rows = new Map(failures.map(({ flow, row }) => [flow, row]));
  const rowOf = (flow: FlowReport) => rows.get(flow) ?? "";
  return html`<h3>${scenario.name} <span class="claim">${scenario.claim}</span></h3>
${renderKeptEvidence(scenario.evidence, linkTo)}
${scenario.omissions.map(renderOmission)}
${causes.map((cause, i) => renderCause(cause, nameCause(index, i), rowOf, scenario))}
${failures.filter((failure) => !isInCause(failure)).map((failure) => renderFailure(failure, told, backend))}`;
}

/** The cause first, then two flows in full, then the names of others, each of which can be opened. */
function renderCause(
  { heading, rows, shown, rest, others, unnamed }: ToldCause,
  id: string,
  rowOf: (flow: FlowReport) => string,
  scenario: ScenarioReport,
): Html {
  return html`<p id="${id}"><span class="wrong">${MARKS.wrong}</span> <strong class="wrong">${heading}</strong></p>
${renderRows(rows)}
${shown.map(
  ({ flow, rows: ends }) => html`<div class="shown"><p><a href="#${rowOf(flow)}">${flow.flow}</a>${nameManner(flow)}</p>
${renderFlowCommands(flow, scenario)}</div>
${renderRows(ends)}`,
)}
${
  rest.length === 0
    ? html``
    : html`<details class="rest"><summary>and ${nameOthers(others, unnamed)}</summary>
<ul>${rest.map((flow) => html`<li><a href="#${rowOf(flow)}">${flow.flow}</a>${nameManner(flow)}</li>`)}</ul></details>`
}`;
}

/** A line breaks between names and not inside of one. */
function nameOthers(others: readonly string[], unnamed: number): readonly Html[] {
  const names = [...others, ...countUnnamed(unnamed)];
  return names.map((name, i) => html`<span class="name">${name}${i < names.length - 1 ? ";" : ""}</span> `);
}

function nameManner({ manner }: FlowReport): Html {
  return manner === "forward" ? html` <span class="dim">where the proxy forwards</span>` : html``;
}

function renderFailure({ flow, row }: Failure, told: ToldCauses, backend: BackendName): Html {
  return html`<p><span class="${flow.verdict}">${MARKS[flow.verdict]}</span> <a href="#${row}">${flow.flow}</a>${nameManner(flow)}
<code class="${flow.verdict}">${shortenLanding(flow)}</code></p>
${renderRows(selectEvidence(flow, told, backend))}`;
}
