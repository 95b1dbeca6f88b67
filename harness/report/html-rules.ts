import { FAMILIES } from "../model/address.ts";
import { renderCount } from "../model/listed-words.ts";
import type { KeptEvidence } from "../model/provenance.ts";
import type { ScenarioReport } from "../model/report.ts";
import { type RulePlace, renderOrigin } from "../model/rule-place.ts";
import { dropChain } from "./html-flow.ts";
import { type Html, html } from "./html-text.ts";

/** Gives the address by which the page links to a file that a report names; null where there is none to link to. */
export type LinkTo = (path: string) => string | null;

/** Gives every rule under test as a list for each chain, folded in; its items are in the report's order. Nothing without rules. */
export function renderRuleList({ rules = [] }: ScenarioReport): Html {
  if (rules.length === 0) return html``;
  const families = FAMILIES.map((family) => rules.filter((rule) => rule.family === family));
  return html`<details class="rules"><summary>${renderCount(rules.length, "rule")} under test</summary>
${families.filter((own) => own.length > 0).map(renderFamily)}</details>
`;
}

function renderFamily(rules: readonly RulePlace[]): Html {
  const starts = [...rules.keys()].filter((i) => !isSameChain(rules[i], rules[i - 1]));
  const chains = starts.map((start, k) => rules.slice(start, starts[k + 1]));
  return html`<div class="family">${chains.map(renderChain)}</div>`;
}

function isSameChain(one: RulePlace | undefined, other: RulePlace | undefined): boolean {
  return one?.table === other?.table && one?.chain === other?.chain;
}

function renderChain(rules: readonly RulePlace[]): Html {
  const [first] = rules;
  if (!first) return html``;
  const { family, table, chain } = first;
  const name = `IPv${family} ${table} ${chain}`;
  return html`<h3>${name}</h3><ol aria-label="${name}">${rules.map((rule) => renderRule(rule))}</ol>`;
}

/** The chain stands above the rule. */
function renderRule(place: RulePlace): Html {
  const origin = renderOrigin(place);
  return html`<li><code>${dropChain(place).rule}</code>${origin === null ? html`` : html` <small>${origin}</small>`}</li>`;
}

/** Gives links to what was kept of a scenario; nothing where nothing was. */
export function renderKeptEvidence(kept: KeptEvidence | undefined, linkTo: LinkTo): Html {
  if (kept === undefined) return html``;
  const links = kept.files.map(
    (file, i) => html`${i === 0 ? "" : " "}${renderLink(file, linkTo(`${kept.folder}/${file}`))}`,
  );
  return html`<span class="kept">Evidence in ${renderLink(kept.folder, linkTo(kept.folder))} (${links})</span>
`;
}

function renderLink(name: string, address: string | null): Html {
  return address === null ? html`<code>${name}</code>` : html`<a href="${address}">${name}</a>`;
}
