import type { FlowReport, ScenarioReport } from "../model/report.ts";
import { quoteForShell } from "../model/shell-words.ts";
import { type Html, html } from "./html-text.ts";

/** Gives a command with a button that copies it, which shows only where the script runs: `Copy explain`. */
export function renderCommand(name: "explain" | "verify", text: string): Html {
  return html`<p class="command ${name}"><button type="button" class="copy" hidden>Copy ${name}</button> <code>${text}</code></p>
`;
}

/** Gives the commands that ask about a flow again; nothing where the report has none. */
export function renderFlowCommands({ flow, manner }: FlowReport, { commands }: ScenarioReport): Html {
  const { explain = null, verify = null } = commands ?? {};
  const quoted = quoteForShell(flow);
  const forward = manner === "forward" ? " --forward" : "";
  return html`${explain === null ? html`` : renderCommand("explain", `${explain}${forward} ${quoted}`)}
${verify === null ? html`` : renderCommand("verify", `${verify} --flows ${quoted}`)}`;
}
