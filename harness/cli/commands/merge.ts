import { resolve } from "node:path";
import { LandfallError } from "../../errors.ts";
import { parseJsonText } from "../../load/json-text.ts";
import { type ReadRecord, recordReads } from "../../load/read-record.ts";
import { checkReport } from "../../load/report-check.ts";
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import type { Provenance } from "../../model/provenance.ts";
import type { Report } from "../../model/report.ts";
import { summarize } from "../../model/report-summary.ts";
import { type OptionSpec, readOptions } from "../arguments/options.ts";
import type { Command, CommandIo } from "../command.ts";
import { readInput } from "../input/input-file.ts";
import { makeProvenance } from "../output/provenance.ts";
import { exitCodeOf, type ReportFile, readReportFile, tellReport } from "../output/report-output.ts";
import type { CommandHelp } from "./help.ts";

const SPECS: readonly OptionSpec[] = [
  {
    name: "report",
    value: "FILE",
    repeatable: true,
    help: "writes the report to FILE.json, FILE.xml (JUnit), FILE.html or FILE.md; -:md prints it instead of the table",
  },
  { name: "json", value: null, help: "prints the report as JSON" },
];

const HELP: CommandHelp = {
  usage: ["landfall merge REPORT.json… [OPTION…]"],
  about: [
    "Merges JSON reports of landfall verify, for example those of several shards, into one report with all scenarios and recalculated totals.",
  ],
  options: [{ title: "Options", options: SPECS }],
  captureFlags: "none",
  examples: [["landfall merge 1.json 2.json --report all.html", "merges the reports of two shards into one HTML page"]],
  exitCodes: {
    0: "every flow landed as expected",
    1: "some flow landed elsewhere, or a script omits required configuration that no flow can reveal",
    2: "a file is not a report, or the reports come from different backends",
    3: "some flow could not be observed, or landfall predicted it wrongly",
  },
};

/** `landfall merge`: several JSON reports into one. Durations are added up: the time all machines took together. */
export const merge: Command = {
  help: HELP,
  run: (args, io) => recordReads((reads) => runMerge(args, io, reads)),
};

async function runMerge(args: readonly string[], io: CommandIo, reads: ReadRecord): Promise<number> {
  const { options, findings: found } = readOptions(args, SPECS);
  const findings = [...found];
  const files = (options.values.get("report") ?? []).flatMap((path): readonly ReportFile[] =>
    readReportFile(path, io.workingDirectory, findings),
  );
  if (options.positionals.length === 0)
    findings.push(codedFinding("missing-value", "REPORT.json", "Name at least one report."));
  const reports = options.positionals.flatMap((path) => readReport(path, io, findings));
  findings.push(...findRepeated(options.positionals, io), ...findStrangers(reports));
  if (findings.length > 0) throw new LandfallError("bad-input", "The reports cannot be merged.", { findings });
  const provenance = makeProvenance(["merge", ...args], reads, [], io);
  const report = joinReports(
    reports.map((each) => each.report),
    provenance,
  );
  await tellReport(report, files, options.values.has("json") ? "json" : "text", io);
  return exitCodeOf(report);
}

interface NamedReport {
  readonly path: string;
  readonly report: Report;
}

function readReport(path: string, io: CommandIo, findings: Finding[]): readonly NamedReport[] {
  const text = readInput(path, io, findings);
  if (text === null) return [];
  const parsed = parseReport(text, path);
  if (parsed.ok) return [{ path, report: parsed.value }];
  findings.push(...parsed.findings);
  return [];
}

/**
 * Gives a report that the published schema accepts, so that nothing in it is of another kind than it is read as. One without a flow says
 * nothing: joined with nothing it would be green.
 */
function parseReport(text: string, path: string): Parsed<Report> {
  const data = parseJsonText(text, path);
  if (!data.ok) return data;
  const findings = checkReport(data.value, path);
  if (findings.length > 0) return { ok: false, findings };
  const report = data.value as Report;
  return report.scenarios.some(({ flows }) => flows.length > 0)
    ? { ok: true, value: report }
    : { ok: false, findings: [codedFinding("nothing-asked", path, "This report contains no flows; leave it out.")] };
}

/** A report that is joined twice would count every flow of it twice. */
function findRepeated(paths: readonly string[], io: CommandIo): readonly Finding[] {
  const full = paths.map((path) => resolve(io.workingDirectory, path));
  return paths.flatMap((path, i) =>
    full.indexOf(full[i] ?? "") < i
      ? [codedFinding("duplicate", path, "This report is listed twice; list it once.")]
      : [],
  );
}

/** A report names one sandbox; landings of different ones are not to be read as one run's. */
function findStrangers(reports: readonly NamedReport[]): readonly Finding[] {
  const [first, ...others] = reports;
  const nameOf = ({ report: { sandbox } }: NamedReport) => `${sandbox.backend} with a ${sandbox.envoy} Envoy`;
  return others.flatMap((other) =>
    first && nameOf(other) !== nameOf(first)
      ? [
          codedFinding(
            "other-report",
            other.path,
            `This report comes from ${nameOf(other)}, but ${first.path} comes from ${nameOf(first)}; merge reports of one backend only.`,
          ),
        ]
      : [],
  );
}

function joinReports(reports: readonly Report[], provenance: Provenance): Report {
  const [first] = reports;
  const merged = reports.flatMap(({ landfall }) => landfall ?? []);
  if (!first) throw new RangeError("no report to merge");
  const scenarios = reports.flatMap((report) => report.scenarios);
  const durationMs = reports.reduce((sum, report) => sum + report.summary.durationMs, 0);
  return {
    ...{ ...first, landfall: { ...provenance, merged } },
    ...{ scenarios, summary: summarize(scenarios, durationMs) },
  };
}
