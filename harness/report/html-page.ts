import { createHash } from "node:crypto";
import type { Provenance } from "../model/provenance.ts";
import type { Report } from "../model/report.ts";
import { renderCommand } from "./html-command.ts";
import { renderRows } from "./html-evidence.ts";
import { HTML_STYLE } from "./html-style.ts";
import { type Html, html } from "./html-text.ts";
import { FILTER_SCRIPT } from "./page/filter.ts";
import { FLOW_VIEW_SCRIPT } from "./page/flow-view.ts";
import { makePageData, renderPageData } from "./page-data.ts";
import { FEW_FLOWS } from "./told-causes.ts";

/** The page's script is made of functions as the engine quotes them: the first of each part is called. */
const SCRIPT = [FILTER_SCRIPT, FLOW_VIEW_SCRIPT]
  .map((functions) => `(() => {\n"use strict";\n${functions.join("\n")}\n${functions[0]?.name}();\n})();\n`)
  .join("");

/** Nothing is loaded from anywhere, and only this very script and style count: the page holds what scenarios and rules of others say. */
const POLICY = [
  "default-src 'none'",
  `script-src '${hash(SCRIPT)}'`,
  `style-src '${hash(HTML_STYLE)}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** Gives the page around a report's content: its head, with the style sheet and what the browser may run, and its script at the end. */
export function renderPage(title: string, content: Html, report: Report): string {
  const data = renderPageData(makePageData(report));
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${{ html: POLICY }}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>landfall: ${title}</title>
<style>${{ html: HTML_STYLE }}</style></head>
<body>
<main>
${content}
</main>
${FLOW_WINDOW}
<script type="application/json" id="data">${{ html: data }}</script>
<script>${{ html: SCRIPT }}</script>
</body>
</html>
`.html;
}

/** The form that filters flows; it shows only where the script runs. */
export const FILTER_FORM = html`<form id="filter" role="search" data-few="${FEW_FLOWS}" hidden>
<label>Filter <input type="search" name="text" placeholder="flow, landing or rule" autocomplete="off"></label>
<label>Actor <select name="actor"><option value="">all</option></select></label>
<label><input type="checkbox" name="failed"> failed only</label>
<button type="reset">Clear</button> <output></output>
<p class="dim">Keys: <kbd>/</kbd> filter, <kbd>f</kbd> failed only, <kbd>j</kbd> and <kbd>k</kbd> next and previous flow, <kbd>Enter</kbd> goes to the first flow found, and shows the packets of a flow; there <kbd>←</kbd> and <kbd>→</kbd> step, <kbd>Esc</kbd> closes.</p>
</form>
`;

/** The window that shows one flow; the script fills it. */
const FLOW_WINDOW = html`<dialog id="flow" tabindex="-1" aria-labelledby="flow-name">
<div class="bar"><h2 id="flow-name"></h2><button type="button" class="close">Close</button></div>
<p class="landing"></p>
<div class="told"></div>
${renderCommand("explain", "")}${renderCommand("verify", "")}<p class="links"></p>
<section class="way" aria-label="The packets of the flow">
<div class="steps"><button type="button">Back</button> <button type="button" autofocus>Next</button> <label>Packet <select></select></label> <span class="count dim"></span></div>
<div aria-live="polite"><p class="ends"></p><p class="said"></p></div>
<p class="shortened dim">Rules that do not match are left out here: there are very many.</p>
<div class="list rules" tabindex="0" role="group" aria-label="The rules under test"></div>
<p class="dim">As predicted from the rules; the landing above is what the run found.</p>
</section>
</dialog>`;

/** Gives what the report was made with, folded in; nothing where it does not say. */
export function renderProvenance({ landfall }: Report): Html {
  if (landfall === undefined) return html``;
  const parts = [landfall, ...(landfall.merged ?? [])];
  return html`<details class="run"><summary>How this report was made</summary>
${parts.map(renderRun)}</details>
`;
}

function renderRun({ version, date, command, files }: Provenance): Html {
  return renderRows([
    ["landfall", version],
    ["date", date],
    ["command", command],
    ...files.map(
      ({ path, sha256 }) => ["file", `${path === "-" ? "standard input" : path}, SHA-256 ${sha256}`] as const,
    ),
  ]);
}
