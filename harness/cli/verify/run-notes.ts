import { dirname, resolve } from "node:path";
import type { FlowCommands, KeptEvidence } from "../../model/provenance.ts";
import type { Report, ScenarioReport } from "../../model/report.ts";
import type { ParsedScenario } from "../../run/scenario/parsed-scenario.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { lastValue } from "../arguments/options.ts";
import type { CommandIo } from "../command.ts";
import { makeProvenance } from "../output/provenance.ts";
import { makeFlowCommands } from "./flow-commands.ts";
import type { VerifyOptions } from "./options.ts";
import { findScenarioFiles, isMadeFromConfig, SCENARIO_FOLDER } from "./scenarios.ts";

/** What the command line knows of a run and the run does not: how it was asked for, and how to ask again. */
export interface RunNotes {
  /** Notes how one flow of a scenario is asked about again, and what evidence was kept. */
  readonly enter: (
    scenario: ParsedScenario,
    report: ScenarioReport,
    sandbox: Sandbox,
    evidence: KeptEvidence | null,
  ) => void;
  /** Gives the report with all of it. */
  readonly complete: (report: Report) => Report;
}

/** Starts the notes of one run. */
export function startNotes(options: VerifyOptions, io: CommandIo): RunNotes {
  const notes = new Map<string, { readonly commands: FlowCommands; readonly evidence?: KeptEvidence }>();
  return {
    enter: (scenario, report, { addresses }, evidence) => {
      const commands = makeFlowCommands(scenario, report, options, addresses, io);
      notes.set(scenario.name, evidence === null ? { commands } : { commands, evidence });
    },
    complete: ({ formatVersion, sandbox, scenarios, summary }) => ({
      formatVersion,
      landfall: makeProvenance(["verify", ...options.typed], options.reads, listModules(options, io), io),
      sandbox,
      scenarios: scenarios.map((scenario) => ({ ...scenario, ...notes.get(scenario.name) })),
      summary,
    }),
  };
}

/** Files of the user that others read: scenarios and contracts that are modules, and scripts. */
function listModules(options: VerifyOptions, io: CommandIo): readonly string[] {
  const { line, rules } = options;
  const contract = lastValue(line.options, "contract");
  const scenarios = isMadeFromConfig(options) ? [] : findScenarioFiles(options, io);
  return [
    ...scenarios.filter((file) => dirname(resolve(file)) !== resolve(SCENARIO_FOLDER)),
    ...(contract === undefined || contract === "-" ? [] : [resolve(io.workingDirectory, contract)]),
    ...(rules.script === null ? [] : [rules.script]),
  ];
}
