import type { FlowReport, ScenarioReport } from "../model/report.ts";
import { quoteForShell } from "../model/shell-words.ts";
import { type Html, html } from "./html-text.ts";

/** Gives a command with a button that copies it, which shows only where the script runs: `Copy explain`. */
export function renderCommand(name: "explain" | "verify", text: string): Html {
  return html`<p class="command ${name}"><button type="button" class="copy" aria-live="polite" hidden>Copy ${name}</button> <code>${text}</code></p>
`;
}

/** Gives the commands that ask about a flow again, folded in behind buttons that copy them; nothing where the report has none. */
export function renderFlowCommands({ flow, manner }: FlowReport, scenario: ScenarioReport): Html {
  const { explain = null, verify = null } = scenario.commands ?? {};
  const quoted = quoteForShell(flow);
  const forward = manner === "forward" ? " --forward" : "";
  const commands = [
    ...(explain === null ? [] : [{ name: "explain", text: `${explain}${forward} ${quoted}` }]),
    ...(verify === null ? [] : [{ name: "verify", text: `${verify} --flows ${quoted}` }]),
  ];
  if (commands.length === 0) return html``;
  return html`<div class="commands">${commands.map(({ name }) => html`<button type="button" class="copy" data-copies="${name}" aria-label="Copy ${name} of ${flow}" aria-live="polite" hidden>Copy ${name}</button> `)}<details open><summary>commands</summary>
${commands.map(({ name, text }) => html`<p><code class="${name}">${text}</code></p>`)}</details></div>
`;
}
