import { existsSync, writeFileSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { LandfallError } from "../errors.ts";
import { type Finding, finding } from "../model/finding.ts";
import type { Report } from "../model/report.ts";
import type { CommandIo } from "./command.ts";

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
    findings.push(finding("--report", `"${path}" ends in none of .json, .xml, .html, which say what to write.`));
  if (!existsSync(dirname(full)))
    findings.push(finding("--report", `There is no folder ${dirname(path)} to write ${path} in.`));
  return format ? [{ path: full, format }] : [];
}

/** Writes report files, and tells the report on stdout: as a table, or as JSON. */
export async function tellReport(
  report: Report,
  files: readonly ReportFile[],
  output: "text" | "json",
  io: CommandIo,
): Promise<void> {
  for (const { path, format } of files) writeFileSync(path, await renderAs(format, report));
  if (output === "json") return io.out(await renderAs("json", report));
  const { renderTerminal } = await import("../report/terminal.ts");
  io.out(renderTerminal(report, { columns: io.display.columns, color: io.display.color ? "color" : "plain" }));
}

/** Each form is loaded only when it is asked for. */
async function renderAs(format: ReportFormat, report: Report): Promise<string> {
  if (format === "xml") return (await import("../report/junit.ts")).renderJunit(report);
  if (format === "html") return (await import("../report/html.ts")).renderHtml(report);
  return (await import("../report/json.ts")).renderJson(report);
}

/** Gives the exit code that a report's landings mean: a wrong landing outranks what could not be looked at. */
export function exitCodeOf({ summary }: Report): 0 | 1 | 3 {
  if (summary.wrong > 0) return 1;
  if (summary.couldNotLook > 0) return 3;
  if (summary.flows === summary.pass && summary.flows > 0) return 0;
  throw new LandfallError("internal", "a flow was not judged, so nothing can be said of the run.");
}
