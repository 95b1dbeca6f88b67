import type { Omission } from "../model/report.ts";
import { describeOmission, type EvidenceRow, isSentence } from "./evidence.ts";
import { type Html, html } from "./html-text.ts";

/** Gives evidence as a list of names and texts. */
export function renderRows(rows: readonly EvidenceRow[]): Html {
  return html`<dl>${rows.map(([name, text]) =>
    isSentence(name) ? html`<dt>${name}</dt><dd class="said">${text}</dd>` : html`<dt>${name}</dt><dd>${text}</dd>`,
  )}</dl>`;
}

/** Gives what user-supplied rules leave out. */
export function renderOmission(omission: Omission): Html {
  return html`<p class="wrong">✗ The rules omit required configuration, and no flow can reveal it.</p>
${renderRows(describeOmission(omission))}`;
}
