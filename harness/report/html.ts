import type { BackendName, FlowVerdict, Report, ScenarioReport } from "../model/report.ts";
import {
  describeAsked,
  describeClasses,
  describeClassFailure,
  describeGaps,
  describeUnseenFamily,
  listDoubtful,
  listLeft,
  tellAsked,
} from "./classes-phrase.ts";
import { describeUnhit } from "./coverage-phrase.ts";
import { renderOmission, renderRows } from "./html-evidence.ts";
import { renderFailures } from "./html-failures.ts";
import { nameRow, renderFlow } from "./html-flow.ts";
import { HTML_STYLE } from "./html-style.ts";
import { type Html, html } from "./html-text.ts";
import { describeRule } from "./landing-phrase.ts";
import { renderPicture } from "./svg.ts";
import { isGreen, type ToldCauses } from "./told-causes.ts";

/** Nothing is loaded from anywhere, and no script runs: the page holds what scenarios and rules of others say. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Gives the report as one HTML page that needs nothing beside itself: no script, no font, no picture from elsewhere. */
export function renderHtml(report: Report): string {
  const page = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>landfall: ${renderVerdict(report)}</title>
<style>${{ html: HTML_STYLE }}</style></head>
<body>
<h1>Where every flow landed</h1>
${renderSummary(report)}
${renderFailures(report)}
${report.scenarios.map((scenario, i) => renderScenario(scenario, i, report.sandbox.backend))}
</body>
</html>
`;
  return page.html;
}

function renderVerdict({ summary }: Report): string {
  if (summary.wrong > 0) return `${summary.wrong} of ${summary.flows} flows landed elsewhere`;
  if (summary.omissions > 0) return `the rules omit ${summary.omissions} required pieces of configuration`;
  if (summary.couldNotLook > 0) return `${summary.couldNotLook} of ${summary.flows} flows could not be observed`;
  const [gap] = describeGaps(summary);
  if (gap !== undefined) return gap;
  if (summary.mispredicted > 0) return `${summary.mispredicted} of ${summary.flows} flows were predicted wrongly`;
  const rest = summary.asked ? `; ${describeAsked(summary.asked)}` : "";
  return `${summary.flows} flows landed as expected${rest}`;
}

function renderSummary({ summary, sandbox }: Report): Html {
  const facts = [sandbox.iptables && `iptables ${sandbox.iptables}`, sandbox.kernel && `Linux ${sandbox.kernel}`];
  return html`<p class="sum">${renderCount("pass", summary.pass, "as expected")}${renderCount("wrong", summary.wrong, "landed elsewhere")}
${renderCount("wrong", summary.omissions, "omitted by the rules")}
${renderCount("could-not-look", summary.couldNotLook, "could not be observed")}${renderCount("wrong", summary.mispredicted, "predicted wrongly")}
${summary.asked ? html`<span class="could-not-look">${describeAsked(summary.asked)}</span>` : html``}
<span class="dim">${sandbox.backend}, ${sandbox.envoy} Envoy</span>${facts.filter((fact) => fact !== null).map((fact) => html`<span class="dim">${fact}</span>`)}
<span class="dim">${(summary.durationMs / 1000).toFixed(2)} s</span></p>`;
}

/** What there is none of draws no eye. */
function renderCount(kind: FlowVerdict, count: number, words: string): Html {
  return html`<span class="${count > 0 ? kind : "dim"}">${count} ${words}</span>`;
}

function renderScenario(scenario: ScenarioReport, index: number, backend: BackendName): Html {
  const told: ToldCauses = new Map();
  const passed = isGreen(scenario);
  return html`<details class="scenario"${passed ? html`` : html` open`}>
<summary><span class="${passed ? "pass" : "wrong"}">${passed ? "✓" : "✗"}</span> <h2>${scenario.name}</h2><span class="claim">${scenario.claim}</span></summary>
${scenario.notices.map((notice) => html`<p class="could-not-look">${notice}</p>`)}
${scenario.omissions.map(renderOmission)}
<div class="picture">${renderPicture(scenario)}</div>
<table><thead><tr><th></th><th>flow</th><th>manner</th><th>landing</th><th>dialled</th><th>rule</th></tr></thead>
<tbody>${scenario.flows.map((flow, i) => renderFlow(flow, nameRow(index, i), told, backend))}</tbody></table>
${renderClasses(scenario, backend)}
${renderCoverage(scenario)}
</details>
`;
}

function renderClasses({ classes, asked, notLookedAt }: ScenarioReport, backend: BackendName): Html {
  const unseen = (notLookedAt ?? []).map(describeUnseenFamily);
  const failed = classes?.failure ? [describeClassFailure(classes.failure)] : [];
  const left = classes ? listLeft(classes) : [];
  const told = classes && classes.failure === null ? html`<p>${describeClasses(classes, backend)}</p>` : html``;
  const narrowed = asked ? [...tellAsked(asked), ...listDoubtful(asked)] : [];
  return html`${told}${[...narrowed, ...left, ...failed, ...unseen].map((line) => html`<p class="could-not-look">${line}</p>`)}`;
}

function renderCoverage({ coverage }: ScenarioReport): Html {
  if (coverage === null) return html``;
  const unhit = describeUnhit(coverage).map(
    ({ rule, reach, why }) => [reach, `${describeRule(rule)}${why === null ? "" : `; ${why}`}`] as const,
  );
  return html`<p>Flows hit ${coverage.hit} of ${coverage.rules} rules.</p>${renderRows(unhit)}`;
}
