import { writeFileSync } from "node:fs";
import { LandfallError } from "../errors.ts";
import type { Report, ScenarioReport } from "../model/report.ts";
import { selectForwarding } from "../run/forwarding-scenarios.ts";
import { runScenarios } from "../run/run.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { tellWarnings } from "./capture-options.ts";
import type { Command, CommandIo } from "./command.ts";
import { VERIFY_HELP } from "./verify-help.ts";
import { type ReportFormat, readVerifyOptions, type VerifyOptions } from "./verify-options.ts";
import { lookAtPod } from "./verify-pause.ts";
import { openVerifySandbox } from "./verify-sandbox.ts";
import { findScenarioFiles, loadScenarios, readScenarios } from "./verify-scenarios.ts";

/** `landfall verify`: drives the flows of scenarios, or those a capture config demands, and says of each where it landed. */
export const verify: Command = {
  name: "verify",
  summary: "says where every flow lands, and whether it should",
  help: VERIFY_HELP,
  async run(args, io) {
    const options = readVerifyOptions(args, io);
    if (options.line.capture.purpose === "usage") return tellUsage(io);
    tellWarnings(options.line.captureFrom === "flags" ? options.line.capture.warnings : [], io);
    if (options.task === "list") return listScenarios(options, io);
    if (options.repetition === "watch")
      return (await import("./verify-watch.ts")).watchScenarios(options, io, verifyOnce);
    return verifyOnce(options, io);
  },
};

function tellUsage(io: CommandIo): number {
  io.out(VERIFY_HELP);
  return 0;
}

async function listScenarios(options: VerifyOptions, io: CommandIo): Promise<number> {
  const files = await loadScenarios(findScenarioFiles(options, io));
  const scenarios = files.map(({ scenario: { name, claim } }) => ({ name, claim }));
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  if (options.output === "json") io.out(`${JSON.stringify({ formatVersion: "1.0", scenarios }, null, 2)}\n`);
  else io.out(scenarios.map(({ name, claim }) => `${name.padEnd(width)}  ${claim}\n`).join(""));
  return 0;
}

async function verifyOnce(
  options: VerifyOptions,
  io: CommandIo,
  open: () => Promise<Sandbox> = () => openVerifySandbox(options, io),
  freshness = "",
): Promise<number> {
  const selected = await readScenarios(options, io, freshness);
  const scenarios = options.envoy === "real" ? selectForwarding(selected) : selected;
  const report = await runScenarios(scenarios, {
    start: open,
    jobs: options.jobs ?? chooseJobs(options, scenarios.length),
    coverage: options.coverage,
    manners: options.envoy === "real" ? "forward" : "all",
    onRulesIn: (scenario, sandbox) => lookAtPod(scenario, sandbox, options, io),
    onScenario: (scenario, done, of) => tellProgress(scenario, done, of, io),
    clock: () => performance.now(),
  });
  await tellReport(report, options, io);
  return exitCodeOf(report, options, io);
}

/** Rules change in the kernel's own time, in which another sandbox can work: two of them for a longer run, where nobody wants to look. */
function chooseJobs(options: VerifyOptions, scenarios: number): number {
  const isLooking = options.afterwards === "keep" || options.onWrong === "pause" || options.repetition === "watch";
  return scenarios < 8 || isLooking ? 1 : 2;
}

function tellProgress(scenario: ScenarioReport, done: number, of: number, io: CommandIo): void {
  if (of === 1 || !io.display.isTerminal) return;
  const end = done === of ? "\r\u001b[K" : "";
  io.err(`\r\u001b[K${done} of ${of} scenarios: ${scenario.name}${end}`);
}

async function tellReport(report: Report, options: VerifyOptions, io: CommandIo): Promise<void> {
  for (const { path, format } of options.reports) writeFileSync(path, await renderAs(format, report));
  if (options.output === "json") return io.out(await renderAs("json", report));
  const { renderTerminal } = await import("../report/terminal.ts");
  io.out(renderTerminal(report, { columns: io.display.columns, color: io.display.color ? "color" : "plain" }));
}

/** Each form is loaded only when it is asked for. */
async function renderAs(format: ReportFormat, report: Report): Promise<string> {
  if (format === "xml") return (await import("../report/junit.ts")).renderJunit(report);
  if (format === "html") return (await import("../report/html.ts")).renderHtml(report);
  return (await import("../report/json.ts")).renderJson(report);
}

/** A wrong landing outranks what could not be looked at. */
function exitCodeOf({ summary, scenarios }: Report, { minCoverage }: VerifyOptions, io: CommandIo): number {
  if (summary.wrong > 0) return 1;
  if (summary.couldNotLook > 0) return 3;
  if (summary.flows !== summary.pass)
    throw new LandfallError("internal", "a flow was not judged, so nothing can be said of the run.");
  const rules = scenarios.reduce((sum, { coverage }) => sum + (coverage?.rules ?? 0), 0);
  const hit = scenarios.reduce((sum, { coverage }) => sum + (coverage?.hit ?? 0), 0);
  const percent = rules === 0 ? 100 : (hit / rules) * 100;
  if (minCoverage === null || percent >= minCoverage) return 0;
  io.err(
    `landfall: ${hit} of ${rules} rules were taken, ${percent.toFixed(1)} %; --min-coverage asks for ${minCoverage} %.\n`,
  );
  return 1;
}
