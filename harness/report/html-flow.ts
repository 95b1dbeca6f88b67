import type { BackendName, FlowReport } from "../model/report.ts";
import { renderRows } from "./html-evidence.ts";
import { type Html, html } from "./html-text.ts";
import { describeRule, shortenLanding } from "./landing-phrase.ts";
import { MARKS } from "./marks.ts";
import { selectEvidence, type ToldCauses } from "./told-causes.ts";

/** Gives the id of a flow's row, by which the page links to it: `flow-3-17`, the fourth scenario's eighteenth flow. */
export function nameRow(scenarioIndex: number, flowIndex: number): string {
  return `flow-${scenarioIndex}-${flowIndex}`;
}

/** Gives a flow's row of its scenario's table, and beneath it what is known of a flow that did not go as it should, a cause once. */
export function renderFlow(flow: FlowReport, row: string, told: ToldCauses, backend: BackendName): Html {
  const evidence = selectEvidence(flow, told, backend);
  const last = flow.rules.at(-1);
  return html`<tr class="${flow.verdict}-row" id="${row}"><td class="${flow.verdict}">${MARKS[flow.verdict]}</td><td class="mono">${flow.flow}</td><td class="dim">${flow.manner}</td>
<td class="mono ${flow.verdict === "pass" ? "" : flow.verdict}">${shortenLanding(flow)}</td><td class="mono dim dialled">${flow.observed.originalDestination ?? ""}</td><td class="mono dim">${last ? describeRule(last) : ""}</td></tr>
${evidence.length === 0 ? html`` : html`<tr class="evidence"><td colspan="6">${renderRows(evidence)}</td></tr>`}`;
}
