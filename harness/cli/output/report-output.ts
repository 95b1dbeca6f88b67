import { extname, resolve } from "node:path";
import { LandfallError } from "../../errors.ts";
import { type Finding, finding } from "../../model/finding.ts";
import type { Report } from "../../model/report.ts";
import { escapeData } from "../../model/visible-text.ts";
import { FILE_COLUMNS } from "../../report/wrap-line.ts";
import type { CommandIo } from "../command.ts";
import { findUnwritableFile, writeOutput } from "./output-file.ts";

/** How a report file is written, by its ending. */
export type ReportFormat = "json" | "xml" | "html";

/** A report file to be written; `path` is absolute. */
export interface ReportFile {
  readonly path: string;
  readonly format: ReportFormat;
}

/** Reads a value of `--report`: one file, or none with its findings. */
export function readReportFile(path: string, workingDirectory: string, findings: Finding[]): readonly ReportFile[] {
  const format = (["json", "xml", "html"] as const).find((known) => extname(path) === `.${known}`);
  const full = resolve(workingDirectory, path);
  if (!format)
    findings.push(finding("--report", `The ending of "${path}" selects the format; use .json, .xml or .html.`));
  findings.push(...findUnwritableFile("--report", full));
  return format ? [{ path: full, format }] : [];
}

/**
 * Tells the report on stdout, as a table or as JSON, and then writes its files: what a run has found is not lost with a full disk.
 * Throws `environment` for a file that cannot be written.
 */
export async function tellReport(
  report: Report,
  files: readonly ReportFile[],
  output: "text" | "json",
  io: CommandIo,
): Promise<void> {
  if (output === "json") io.out(await RENDERERS.json(report));
  else io.out(await renderTable(report, io), "styled");
  for (const { path, format } of files) writeOutput(path, await RENDERERS[format](report));
}

/** Every text of the report is escaped before colours are put around it. */
async function renderTable(report: Report, { display: { columns, color } }: CommandIo): Promise<string> {
  const { renderTerminal } = await import("../../report/terminal.ts");
  return renderTerminal(escapeData(report), { columns: columns ?? FILE_COLUMNS, color: color ? "color" : "plain" });
}

/** How each format is written; a renderer is loaded only when it is asked for. */
const RENDERERS = {
  json: async (report) => (await import("../../report/json.ts")).renderJson(report),
  xml: async (report) => (await import("../../report/junit.ts")).renderJunit(report),
  html: async (report) => (await import("../../report/html.ts")).renderHtml(escapeData(report)),
} satisfies Record<ReportFormat, (report: Report) => Promise<string>>;

/**
 * Gives the exit code that a report means: a wrong landing, or what rules leave out, outranks what could not be observed, be it a flow, a
 * class of flows, or a family. Where simulator and kernel disagree one of the two witnesses is wrong, and nobody knows which: such a run
 * is never green.
 */
export function exitCodeOf({ summary }: Report): 0 | 1 | 3 {
  if (summary.wrong > 0 || summary.omissions > 0) return 1;
  if (summary.couldNotLook > 0 || summary.mispredicted > 0 || summary.notLookedAt > 0) return 3;
  if (summary.classes !== null && (summary.classes.left > 0 || summary.classes.failed > 0)) return 3;
  if (summary.flows === summary.pass && summary.flows > 0) return 0;
  throw new LandfallError("internal", "a flow has no verdict, so the run has none either.");
}
