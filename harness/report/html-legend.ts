import type { Report } from "../model/report.ts";
import { type Html, html } from "./html-text.ts";
import { explainWords } from "./report-words.ts";

/** Gives the words of a report with what they mean, folded in. */
export function renderLegend(report: Report): Html {
  return html`<details class="legend"><summary>What the words mean</summary>
<dl>${explainWords(report).map(([word, meaning]) => html`<dt><code>${word}</code></dt><dd class="said">${meaning}</dd>`)}</dl></details>
`;
}
