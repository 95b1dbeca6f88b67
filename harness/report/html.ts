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
import { renderFlow } from "./html-flow.ts";
import { renderLegend } from "./html-legend.ts";
import { FILTER_FORM, renderPage, renderProvenance } from "./html-page.ts";
import { type LinkTo, renderKeptEvidence, renderRuleList } from "./html-rules.ts";
import { type Html, html } from "./html-text.ts";
import { describeRule } from "./landing-phrase.ts";
import { describeRequired, describeRequiredOfAll } from "./required-by-phrase.ts";
import { renderArrowHeads, renderPicture } from "./svg.ts";
import { isGreen, type ToldCauses } from "./told-causes.ts";

/**
 * Gives the report as one HTML page that needs nothing beside itself: no font, picture or script from elsewhere. Without its script, which
 * filters flows and shows their packets, it says the same. `linkTo` finds evidence that was kept.
 *
 * @example
 * writeFileSync("report.html", renderHtml(report, (path) => `evidence/${path}`))
 */
export function renderHtml(report: Report, linkTo: LinkTo = () => null): string {
  const shared = describeRequiredOfAll(report);
  const content = html`<h1>Where every flow landed</h1>
${renderArrowHeads()}
${renderSummary(report)}
${renderRequired(shared)}
${renderProvenance(report)}
${renderFailures(report, linkTo)}
${renderLegend(report)}
${FILTER_FORM}
${report.scenarios.map((scenario, i) => renderScenario(scenario, i, report.sandbox.backend, linkTo, shared === null))}`;
  return renderPage(renderVerdict(report), content, report);
}

function renderVerdict({ summary }: Report): string {
  if (summary.wrong > 0) return `${summary.wrong} of ${summary.flows} flows not as expected`;
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
  return html`<p class="sum">${renderCount("pass", summary.pass, "as expected")}${renderCount("wrong", summary.wrong, "not as expected")}
${renderSome("wrong", summary.omissions, "omitted by the rules")}${renderSome("could-not-look", summary.couldNotLook, "could not be observed")}${renderSome("wrong", summary.mispredicted, "predicted wrongly")}
${summary.asked ? html`<span class="could-not-look">${describeAsked(summary.asked)}</span>` : html``}
<span class="dim">${sandbox.backend}, ${sandbox.envoy} Envoy</span>${facts.filter((fact) => fact !== null).map((fact) => html`<span class="dim">${fact}</span>`)}
<span class="dim">${(summary.durationMs / 1000).toFixed(2)} s</span></p>`;
}

/** What there is none of draws no eye. */
function renderCount(kind: FlowVerdict, count: number, words: string): Html {
  return html`<span class="${count > 0 ? kind : "dim"}">${count} ${words}</span>`;
}

/** What is rare is counted only where there is some. */
function renderSome(kind: FlowVerdict, count: number, words: string): Html {
  return count > 0 ? renderCount(kind, count, words) : html``;
}

/** What the verdict was judged by; nothing where a report does not tell. */
function renderRequired(required: ReturnType<typeof describeRequired>): Html {
  return required === null ? html`` : html`<p class="required">${required.label} <code>${required.text}</code></p>`;
}

function renderScenario(
  scenario: ScenarioReport,
  index: number,
  backend: BackendName,
  linkTo: LinkTo,
  isNamed: boolean,
): Html {
  const told: ToldCauses = new Map();
  const passed = isGreen(scenario);
  return html`<details class="scenario"${passed ? html`` : html` open`}>
<summary><span class="${passed ? "pass" : "wrong"}">${passed ? "✓" : "✗"}</span> <h2>${scenario.name}</h2><span class="claim">${scenario.claim}</span></summary>
${isNamed ? renderRequired(describeRequired(scenario)) : html``}
${scenario.notices.map((notice) => html`<p class="could-not-look">${notice}</p>`)}
${scenario.omissions.map(renderOmission)}
${renderKeptEvidence(scenario.evidence, linkTo)}
${renderPicture(scenario)}
<table aria-label="flows of ${scenario.name}"><thead><tr><th>verdict</th><th>flow</th><th title="answer: the proxy answers itself; forward: it dials on, as Envoy does">proxy</th><th>landing</th><th title="the address dialled, where the listener was told it">dialled</th><th title="the rule that decided where the flow landed">decided by</th></tr></thead>
<tbody>${scenario.flows.map((flow, i) => renderFlow(flow, [index, i], told, { backend, scenario }))}</tbody></table>
${renderClasses(scenario, backend)}
${renderCoverage(scenario)}
${renderRuleList(scenario)}
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
