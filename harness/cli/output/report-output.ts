import { existsSync } from "node:fs";
import { dirname, extname, relative, resolve, sep } from "node:path";
import { LandfallError } from "../../errors.ts";
import { type Finding, finding } from "../../model/finding.ts";
import type { Report } from "../../model/report.ts";
import { escapeData } from "../../model/visible-text.ts";
import type { LinkTo } from "../../report/html-rules.ts";
import type { TerminalLook } from "../../report/terminal-look.ts";
import { FILE_COLUMNS } from "../../report/wrap-line.ts";
import type { CommandIo } from "../command.ts";
import { findUnwritableFile, writeOutput } from "./output-file.ts";

/** How a report file is written, by its ending. */
const REPORT_FORMATS = ["json", "xml", "html", "md"] as const;

/** How a report file is written. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** A report file to be written; `path` is absolute, or `-` for standard output, where it takes the table's place. */
export interface ReportFile {
  readonly path: string;
  readonly format: ReportFormat;
}

/** Reads a value of `--report`: one file, or none with its findings; `formats` are those that the command has. */
export function readReportFile(
  path: string,
  workingDirectory: string,
  findings: Finding[],
  formats: readonly ReportFormat[] = REPORT_FORMATS,
): readonly ReportFile[] {
  const isStdout = path.startsWith("-:");
  const format = formats.find((known) => (isStdout ? path === `-:${known}` : extname(path) === `.${known}`));
  if (!format) {
    const endings = formats
      .map((known) => `.${known}`)
      .join(", ")
      .replace(/, (?=[^,]*$)/, " or ");
    findings.push(finding("--report", `The ending of "${path}" selects the format; use ${endings}.`));
  }
  if (isStdout) return format ? [{ path: "-", format }] : [];
  const full = resolve(workingDirectory, path);
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
  rows: TerminalLook["rows"] = "all",
): Promise<void> {
  const printed = files.find(({ path }) => path === "-");
  const here = linkFrom(io.workingDirectory, io);
  if (printed) io.out(await RENDERERS[printed.format](report, here));
  else if (output === "json") io.out(await RENDERERS.json(report));
  else io.out(await renderTable(report, io, rows), "styled");
  for (const { path, format } of files)
    if (path !== "-") writeOutput(path, await RENDERERS[format](report, linkFrom(dirname(path), io)));
}

/**
 * Gives which flows a table has rows for, by the options that were given. Where none was, a person at a terminal looks for what failed, and
 * a log keeps all.
 */
export function readRows(
  has: (option: string) => boolean,
  { display }: Pick<CommandIo, "display">,
): NonNullable<TerminalLook["rows"]> {
  if (has("quiet")) return "none";
  if (has("only-failures")) return "failures";
  return display.isTerminal && !has("every-flow") ? "folded" : "all";
}

/** Every text of the report is escaped before colours are put around it. */
async function renderTable(
  report: Report,
  { display: { columns, color } }: CommandIo,
  rows: TerminalLook["rows"],
): Promise<string> {
  const { renderTerminal } = await import("../../report/terminal.ts");
  return renderTerminal(escapeData(report), {
    columns: columns ?? FILE_COLUMNS,
    color: color ? "color" : "plain",
    rows,
  });
}

/** How each format is written; a renderer is loaded only when it is asked for. */
const RENDERERS = {
  json: async (report) => (await import("../../report/json.ts")).renderJson(report),
  xml: async (report) => (await import("../../report/junit.ts")).renderJunit(report),
  md: async (report) => (await import("../../report/markdown.ts")).renderMarkdown(escapeData(report)),
  html: async (report, linkTo) => (await import("../../report/html.ts")).renderHtml(escapeData(report), linkTo),
} satisfies Record<ReportFormat, (report: Report, linkTo: LinkTo) => Promise<string>>;

/** Gives what finds the address by which a page in `folder` links to a file that a report names; null where that is not there. */
function linkFrom(folder: string, { workingDirectory }: CommandIo): LinkTo {
  return (path) => {
    const full = resolve(workingDirectory, path);
    if (!existsSync(full)) return null;
    const steps = relative(folder, full).split(sep).map(encodeURIComponent).join("/");
    return steps === "" ? "." : steps;
  };
}

/**
 * Gives the exit code that a report means: a wrong landing or an omission (1) outranks anything that could not be observed (3): a flow, a
 * class of flows, or a family. A run that judged no flow is 3 as well, and so is one in which simulator and kernel disagree: one of the two
 * is wrong, and nobody knows which. Throws `internal` if the report's numbers do not add up.
 */
export function exitCodeOf({ summary }: Report): 0 | 1 | 3 {
  if (summary.wrong > 0 || summary.omissions > 0) return 1;
  if (summary.couldNotLook > 0 || summary.mispredicted > 0 || summary.notLookedAt > 0) return 3;
  if (summary.classes !== null && (summary.classes.left > 0 || summary.classes.failed > 0)) return 3;
  if (summary.asked && (summary.asked.left > 0 || summary.asked.failed > 0)) return 3;
  if (summary.flows === 0) return 3;
  if (summary.flows === summary.pass) return 0;
  throw new LandfallError("internal", "a flow has no verdict, so the run has none either.");
}
