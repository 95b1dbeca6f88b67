import {
  type FlowReport,
  type FlowVerdict,
  judgePrediction,
  type Omission,
  type Report,
  type ScenarioReport,
} from "../model/report.ts";
import { describeUnhit } from "./coverage-phrase.ts";
import { describeOmission, listEvidence } from "./evidence.ts";
import { HTML_STYLE } from "./html-style.ts";
import { type Html, html } from "./html-text.ts";
import { describeRule, shortenLanding } from "./landing-phrase.ts";
import { renderPicture } from "./svg.ts";

const MARKS: Readonly<Record<FlowVerdict, string>> = { pass: "✓", wrong: "✗", "could-not-look": "?" };

/** Gives the report as one HTML page that needs nothing beside itself: no script, no font, no picture from elsewhere. */
export function renderHtml(report: Report): string {
  const page = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>landfall: ${renderVerdict(report)}</title>
<style>${{ html: HTML_STYLE }}</style></head>
<body>
<h1>Where every flow landed</h1>
${renderSummary(report)}
${report.scenarios.map(renderScenario)}
</body>
</html>
`;
  return page.html;
}

function renderVerdict({ summary }: Report): string {
  if (summary.wrong > 0) return `${summary.wrong} of ${summary.flows} flows landed elsewhere`;
  if (summary.omissions > 0) return `the rules leave out ${summary.omissions} of what is demanded`;
  if (summary.couldNotLook > 0) return `${summary.couldNotLook} of ${summary.flows} flows could not be looked at`;
  if (summary.mispredicted > 0) return `${summary.mispredicted} of ${summary.flows} flows were predicted wrongly`;
  return `${summary.flows} flows landed as expected`;
}

function renderSummary({ summary, sandbox }: Report): Html {
  const facts = [sandbox.iptables && `iptables ${sandbox.iptables}`, sandbox.kernel && `Linux ${sandbox.kernel}`];
  return html`<p class="sum"><span class="pass">${summary.pass} as expected</span><span class="wrong">${summary.wrong} landed elsewhere</span>
<span class="wrong">${summary.omissions} left out by the rules</span>
<span class="could-not-look">${summary.couldNotLook} could not be looked at</span><span>${summary.mispredicted} predicted wrongly</span>
<span class="dim">${sandbox.backend}, ${sandbox.envoy} Envoy</span>${facts.filter((fact) => fact !== null).map((fact) => html`<span class="dim">${fact}</span>`)}
<span class="dim">${(summary.durationMs / 1000).toFixed(2)} s</span></p>`;
}

function renderScenario(scenario: ScenarioReport): Html {
  const passed = scenario.omissions.length === 0 && scenario.flows.every(isClear);
  return html`<details class="scenario"${passed ? html`` : html` open`}>
<summary><span class="${passed ? "pass" : "wrong"}">${passed ? "✓" : "✗"}</span> <h2>${scenario.name}</h2><span class="claim">${scenario.claim}</span></summary>
${scenario.notices.map((notice) => html`<p class="could-not-look">${notice}</p>`)}
${scenario.omissions.map(renderOmission)}
<div class="picture">${renderPicture(scenario)}</div>
<table><thead><tr><th></th><th>flow</th><th>manner</th><th>landing</th><th>dialled</th><th>rule</th></tr></thead>
<tbody>${scenario.flows.map(renderFlow)}</tbody></table>
${renderCoverage(scenario)}
</details>
`;
}

function renderOmission(omission: Omission): Html {
  const rows = describeOmission(omission);
  return html`<p class="wrong">The rules leave out what the capture config demands, and no flow shows it.</p>
<dl>${rows.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>`;
}

/** Says whether there is nothing to be told of a flow beside its landing. */
function isClear(flow: FlowReport): boolean {
  return flow.verdict === "pass" && judgePrediction(flow) !== "disagrees";
}

function renderFlow(flow: FlowReport): Html {
  const last = flow.rules.at(-1);
  return html`<tr class="${flow.verdict}-row"><td class="${flow.verdict}">${MARKS[flow.verdict]}</td><td class="mono">${flow.flow}</td><td class="dim">${flow.manner}</td>
<td class="mono ${flow.verdict === "pass" ? "" : flow.verdict}">${shortenLanding(flow)}</td><td class="mono dim dialled">${flow.observed.originalDestination ?? ""}</td><td class="mono dim">${last ? describeRule(last) : ""}</td></tr>
${isClear(flow) ? html`` : renderEvidence(flow)}`;
}

function renderEvidence(flow: FlowReport): Html {
  const rows = listEvidence(flow).map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`);
  return html`<tr class="evidence"><td colspan="6"><dl>${rows}</dl></td></tr>`;
}

function renderCoverage({ coverage }: ScenarioReport): Html {
  if (coverage === null) return html``;
  const unhit = describeUnhit(coverage).map(
    ({ rule, reach, why }) => html`<dt>${reach}</dt><dd>${describeRule(rule)}${why === null ? "" : `; ${why}`}</dd>`,
  );
  return html`<p>${coverage.hit} of ${coverage.rules} rules were taken by some flow.</p><dl>${unhit}</dl>`;
}
