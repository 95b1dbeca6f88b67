import { appendFileSync } from "node:fs";
import type { CauseReport } from "../../model/cause-report.ts";
import type { Report } from "../../model/report.ts";
import { escapeData } from "../../model/visible-text.ts";
import { describeCause, tellCauses } from "../../report/causes-phrase.ts";
import { renderMarkdown } from "../../report/markdown.ts";
import type { CommandIo } from "../command.ts";

/** GitHub shows ten annotations of a step. */
const ANNOTATIONS = 10;

/**
 * Adds the report to the step's summary and names each cause of a failure as an annotation, at the rule's own
 * line where the rules came from a file. A summary that cannot be written is told, and costs nothing else.
 */
export function tellGithub(report: Report, io: Pick<CommandIo, "environment" | "err">): void {
  const shown = escapeData(report);
  for (const line of listAnnotations(shown)) io.err(`${line}\n`);
  const path = io.environment["GITHUB_STEP_SUMMARY"];
  if (path === undefined || path === "") return;
  try {
    appendFileSync(path, `${renderMarkdown(shown)}\n`);
  } catch (error) {
    io.err(`landfall: the step's summary cannot be written: ${error instanceof Error ? error.message : error}\n`);
  }
}

function listAnnotations({ scenarios, sandbox }: Report): readonly string[] {
  const all = scenarios.flatMap((scenario) => {
    const told = tellCauses(scenario, sandbox.backend);
    const causes = (scenario.causes ?? []).toSorted((a, b) => b.flows.length - a.flows.length);
    return causes.map((cause, i) => annotate(scenario.name, cause, told[i]?.heading ?? ""));
  });
  return all.slice(0, ANNOTATIONS);
}

function annotate(scenario: string, cause: CauseReport, heading: string): string {
  const at = cause.rule?.file === undefined ? "" : `,file=${escapeProperty(cause.rule.file)},line=${cause.rule.line}`;
  const message = [heading, ...describeCause(cause).map(([name, text]) => `${name}: ${text}`)].join("\n");
  return `::error title=${escapeProperty(`landfall: ${scenario}`)}${at}::${escapeMessage(message)}`;
}

function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
