import { recordReads } from "../../load/read-record.ts";
import { renderCount } from "../../model/listed-words.ts";
import type { Report } from "../../model/report.ts";
import { CELLS, countCells, padCells } from "../../report/cells.ts";
import { describeCoverage, percentOf } from "../../report/coverage-phrase.ts";
import { renderJson } from "../../report/json.ts";
import { wrapLine } from "../../report/wrap-line.ts";
import { listGiven, openChecked } from "../../run/checked-sandbox.ts";
import { runScenarios } from "../../run/run.ts";
import { takeShard } from "../../run/scenario/scenario-shard.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { tellDefaultConfig, tellWarnings } from "../arguments/told-settings.ts";
import type { AskedHelp, Command, CommandIo } from "../command.ts";
import { isInterrupted } from "../interruption.ts";
import { removeOutput } from "../output/output-file.ts";
import { makeProgress } from "../output/progress.ts";
import { exitCodeOf, tellReport } from "../output/report-output.ts";
import { keepEvidence } from "../verify/evidence.ts";
import { VERIFY_HELP } from "../verify/help.ts";
import { chooseJobs } from "../verify/jobs.ts";
import { readVerifyOptions, type VerifyOptions } from "../verify/options.ts";
import { lookAtPod } from "../verify/pause.ts";
import { startNotes } from "../verify/run-notes.ts";
import { openVerifySandbox } from "../verify/sandbox.ts";
import {
  findScenarioFiles,
  hasOutsideRules,
  isMadeFromConfig,
  loadScenarios,
  readScenarios,
} from "../verify/scenarios.ts";

/** `landfall verify`: drives the flows of scenarios, or those a capture config demands, and says of each where it landed. */
export const verify: Command = {
  help: VERIFY_HELP,
  run: (args, io) => recordReads((reads) => runVerify(readVerifyOptions(args, io, reads), io)),
};

async function runVerify(options: VerifyOptions, io: CommandIo): Promise<number | AskedHelp> {
  if (options.line.purpose === "usage") return { helpOn: options.line.named };
  if (isMadeFromConfig(options)) tellDefaultConfig(options.line, io);
  tellWarnings(options.line.captureFrom === "flags" ? options.line.warnings : [], io);
  if (options.task === "list") return listScenarios(options, io);
  if (options.repetition === "watch")
    return (await import("../verify/watch.ts")).watchScenarios(options, io, verifyOnce);
  return verifyOnce(options, io);
}

async function listScenarios(options: VerifyOptions, io: CommandIo): Promise<number> {
  const selected = findScenarioFiles(options, io);
  const files = await loadScenarios(options.shard ? takeShard(selected, options.shard) : selected, io);
  const scenarios = files.map(({ scenario: { name, claim } }) => ({ name, claim }));
  const width = Math.max(0, ...scenarios.map(({ name }) => countCells(name)));
  if (options.output === "json") io.out(renderJson({ scenarios }));
  else
    io.out(
      scenarios
        .map(({ name, claim }) => `${wrapClaim(`${padCells(name, width)}  ${claim}`, width + 2, io)}\n`)
        .join(""),
    );
  return 0;
}

/** A person reads a claim beneath its beginning; a program reads a scenario a line. */
function wrapClaim(line: string, indent: number, { display: { isTerminal, columns } }: CommandIo): string {
  return isTerminal && columns !== null ? wrapLine(line, indent, columns, CELLS) : line;
}

async function verifyOnce(
  options: VerifyOptions,
  io: CommandIo,
  standing: (() => Promise<Sandbox>) | null = null,
  reading: "once" | "again" = "once",
): Promise<number> {
  const scenarios = await readScenarios(options, io, reading);
  const life = scenarios.length === 1 ? "one-scenario" : "many-scenarios";
  const lost: unknown[] = [];
  const notes = isDetailed(options) ? startNotes(options, io) : null;
  // A run that is interrupted leaves no report: neither its own, which would miss flows, nor an earlier one that passed for its own.
  for (const { path } of options.reports) if (path !== "-") removeOutput(path);
  using progress = makeProgress(io, () => performance.now());
  const aside: CommandIo = { ...io, err: progress.tellAside };
  const report = await runScenarios(scenarios, {
    start: openChecked(
      standing ?? (() => openVerifySandbox(options, aside, life, scenarios)),
      listGiven(scenarios),
      (sentence) => aside.err(`landfall: ${sentence}\n`),
    ),
    jobs: chooseJobs(options, scenarios.length, aside),
    coverage: options.coverage,
    ways: notes === null ? "not-traced" : "traced",
    rulesFrom: hasOutsideRules(options) ? "outside" : "scenario",
    ...(options.maxFlows === null ? {} : { maxFlows: options.maxFlows }),
    onSilence: (flows) =>
      aside.err(
        `landfall: ${renderCount(flows, "flow")} got no answer; driving it a second time, waiting up to 3 s.\n`,
      ),
    onRulesIn: async (told, sandbox) => {
      const scenario = scenarios.find(({ name }) => name === told.name);
      if (scenario) {
        const kept = await keepEvidence(told, sandbox, options, scenario, aside).catch((error) => {
          lost.push(error);
          return null;
        });
        notes?.enter(scenario, told, sandbox, kept);
      }
      return lookAtPod(told, sandbox, options, aside);
    },
    onScenario: ({ name, notices }, done, of) => {
      // The table says them itself.
      if (options.output === "json") for (const notice of notices) aside.err(`landfall: ${name}: ${notice}\n`);
      progress.note(done, of, "scenarios done");
    },
    onReport: async (told) => {
      progress.wipe();
      if (isInterrupted()) return;
      await tellReport(notes?.complete(told) ?? told, options.reports, options.output, io, options.rows);
      if (io.environment["GITHUB_ACTIONS"] === "true") (await import("../output/github.ts")).tellGithub(told, io);
    },
    clock: () => performance.now(),
  });
  // Evidence that cannot be kept must not cost the report: it is told only now.
  if (lost.length > 0) throw lost[0];
  tellMisprediction(report, options, io);
  if (report.summary.flows === 0)
    io.err(
      "landfall: no flow was judged: nothing is required of any flow that can meet these rules. landfall map shows where they land.\n",
    );
  return exitCodeOf(report) || judgeCoverage(report, options, io);
}

/** Only reports of these formats have room for what every flow met, and say what they were made with. */
function isDetailed({ reports, output }: VerifyOptions): boolean {
  return output === "json" || reports.some(({ format }) => format === "html" || format === "json");
}

function tellMisprediction({ summary: { mispredicted } }: Report, { evidence }: VerifyOptions, io: CommandIo): void {
  if (mispredicted === 0) return;
  const flows = renderCount(mispredicted, "flow");
  const next =
    evidence === null ? "Run again with --evidence FOLDER, and report it with" : `Please report it with ${evidence},`;
  io.err(
    `landfall: ${flows} landed elsewhere in the kernel than landfall predicted. This is a defect of landfall itself, and the run does not count as passed. ${next} the content of that folder: rules, counters, and a script that reproduces it.\n`,
  );
}

/** Coverage changes the code only where it is asked to, and only that of a run in which every flow landed as expected. */
function judgeCoverage({ summary: { coverage } }: Report, { minCoverage }: VerifyOptions, io: CommandIo): 0 | 1 {
  if (minCoverage === null || coverage === null || percentOf(coverage) >= minCoverage) return 0;
  io.err(`landfall: ${describeCoverage(coverage)}; --min-coverage requires ${minCoverage} %.\n`);
  return 1;
}
