import { fileURLToPath } from "node:url";
import type { Family } from "../../model/address.ts";
import { type BackendChoice, backendOf } from "../../model/backends.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { listFamilies } from "../../model/ruleset.ts";
import { askScenarios } from "../../run/scenario/asked-flows.ts";
import type { ParsedScenario } from "../../run/scenario/parsed-scenario.ts";
import {
  type LoadOptions,
  loadScenarioFiles,
  type ScenarioFile,
  selectScenarioFiles,
} from "../../run/scenario/scenario-files.ts";
import { takeShardToRun } from "../../run/scenario/scenario-shard.ts";
import { replaceInstallation } from "../../run/scenario/tested-families.ts";
import { findUnseenFamilies } from "../arguments/family-option.ts";
import { lastValue } from "../arguments/options.ts";
import type { CommandIo } from "../command.ts";
import { CONTRACT_WITHOUT_RULES } from "../input/analysis-input.ts";
import {
  type GivenSurroundings,
  readSurroundings,
  refuseInKernel,
  refuseSurroundingsAlone,
} from "../input/given-surroundings.ts";
import { type ReadRules, readRulesFiles } from "../input/rules-file.ts";
import { placeRules } from "../input/surroundings.ts";
import { tellModuleOutput } from "../output/module-output.ts";
import { refuse } from "../refusal.ts";
import { chooseInstallation } from "./installation.ts";
import type { VerifyOptions } from "./options.ts";
import { describeRequiredBy } from "./required-by.ts";

/** The folder of the scenarios that come with landfall. */
export const SCENARIO_FOLDER = fileURLToPath(new URL("../../../scenarios/", import.meta.url));

/** What of a command's options says which scenarios are meant. */
export type ScenarioSelection = Pick<
  VerifyOptions,
  "line" | "words" | "task" | "selection" | "rules" | "shard" | "family"
> & {
  readonly flows?: VerifyOptions["flows"];
  /** Absent where nobody is told what requires the landings. */
  readonly cut?: VerifyOptions["cut"];
};

/** Gives the files of the scenarios that are asked for; without word or flag, those of the seed command (`--list`: all). */
export function findScenarioFiles(options: ScenarioSelection, io: CommandIo): readonly string[] {
  const isSeed = options.words.length === 0 && options.selection === "named" && options.task === "verify";
  return selectScenarioFiles(isSeed ? ["seed"] : options.words, SCENARIO_FOLDER, io.workingDirectory);
}

/** Loads scenario files. Throws `bad-input` with every finding. What they write goes to stderr. */
export async function loadScenarios(
  files: readonly string[],
  io: Pick<CommandIo, "err">,
  reading: LoadOptions["reading"] = "once",
): Promise<readonly ScenarioFile[]> {
  const loaded = await loadScenarioFiles(files, { reading, tell: tellModuleOutput(io) });
  if (loaded.ok) return loaded.value;
  throw refuse(loaded.findings, "The scenarios cannot be used", "nothing was applied");
}

/**
 * Gives the scenarios to run, user-supplied rules put in their place. From Istio's flags, or from rules without a named scenario, one is
 * made whose flows and landings follow from the capture config. Throws `bad-input` with every finding.
 */
export async function readScenarios(
  options: ScenarioSelection,
  io: CommandIo,
  reading: LoadOptions["reading"] = "once",
): Promise<readonly ParsedScenario[]> {
  const { shard, family } = options;
  const findings: Finding[] = [];
  const scenarios = isMadeFromConfig(options) ? [makeScenario(options)] : await loadParsed(options, io, reading);
  if (options.line.capture.generated === null && !hasOutsideRules(options)) findings.push(CONTRACT_WITHOUT_RULES);
  const before = findings.length;
  const outside = readOutsideRules(options, io, findings);
  const isRead = findings.length === before;
  const once = tellOnce(io);
  const replaced = scenarios
    .map((scenario) => limitFamily(scenario, family))
    .map((scenario) => scenario && replaceRules(scenario, outside, options, once));
  for (const [i, scenario] of replaced.entries())
    if (scenario === null && isRead)
      findings.push(
        codedFinding(
          "wrong-family",
          scenarios[i]?.name ?? "",
          "None of its flows belongs to a family whose rules are under test.",
        ),
      );
  if (findings.length > 0) throw refuse(findings, "The input cannot be used", "nothing was applied");
  const chosen = narrowTo(
    replaced.filter((scenario) => scenario !== null),
    options,
    io,
  );
  return shard ? takeShardToRun(chosen, shard) : chosen;
}

/** A scenario without a flow that is asked for is left out, which is told. */
function narrowTo(scenarios: readonly ParsedScenario[], { flows }: ScenarioSelection, io: Pick<CommandIo, "err">) {
  if (flows == null) return scenarios;
  const asked = askScenarios(scenarios, flows);
  if (!asked.ok) throw refuse(asked.findings, "The input cannot be used", "nothing was applied");
  const left = scenarios.length - asked.value.length;
  if (left > 0)
    io.err(`landfall: ${left} of ${scenarios.length} scenarios are left out: --flows asks for none of their flows.\n`);
  return asked.value;
}

/** Says whether no scenario is named, and flags or user-supplied rules ask for one that follows from the capture config. */
export function isMadeFromConfig({ line, words, selection, rules }: ScenarioSelection): boolean {
  return words.length === 0 && selection === "named" && (line.captureFrom === "flags" || hasOutsideRules({ rules }));
}

/** Says whether a file of rules or a script takes the place of the scenarios' own rules. */
export function hasOutsideRules({ rules }: Pick<VerifyOptions, "rules">): boolean {
  return rules.files.length > 0 || rules.script !== null;
}

async function loadParsed(options: ScenarioSelection, io: CommandIo, reading: LoadOptions["reading"]) {
  const files = await loadScenarios(findScenarioFiles(options, io), io, reading);
  return files.map(({ parsed }) => parsed);
}

const CLAIMS = {
  mesh: "This run checks that every flow lands where the settings require.",
  contract: "This run checks that every flow lands where the contract requires.",
} as const;

function makeScenario({ line, cut }: ScenarioSelection): ParsedScenario {
  const { capture } = line;
  return {
    name: "rules",
    claim: CLAIMS[line.mesh === null ? "contract" : "mesh"],
    requiredBy: describeRequiredBy(line, cut?.manifest ?? null),
    capture,
    installation: chooseInstallation(line),
    rulesOf: "capture",
    listen: [],
    flows: "boundaries",
  };
}

/** Rules from outside say nothing of policy routing: {@link placeRules} says what is taken as installed. */
function replaceRules(
  scenario: ParsedScenario,
  outside: OutsideRules | null,
  { rules: { script }, family }: ScenarioSelection,
  io: Pick<CommandIo, "err">,
) {
  if (script !== null) return replaceInstallation({ ...scenario, given: [] }, { kind: "script", path: script });
  if (outside === null) return scenario;
  const { rules, capture } = placeRules(outside.rules, scenario.capture, outside.around, io);
  const notLookedAt = findUnseenFamilies(scenario.capture, family, listFamilies(rules));
  return replaceInstallation(
    { ...scenario, capture, notLookedAt, given: outside.rules.given },
    { kind: "rules", rules },
  );
}

/** Null where no flow is of that family. */
function limitFamily(scenario: ParsedScenario, family: Family | null): ParsedScenario | null {
  if (family === null) return scenario;
  return replaceInstallation({ ...scenario, families: [family] }, scenario.installation);
}

/** Rules from files, and what files say of where they stand. */
interface OutsideRules {
  readonly rules: ReadRules;
  readonly around: GivenSurroundings;
}

function readOutsideRules({ rules, line }: ScenarioSelection, io: CommandIo, findings: Finding[]): OutsideRules | null {
  if (rules.files.length === 0) {
    refuseSurroundingsAlone(line.options, findings);
    return null;
  }
  const backend = (lastValue(line.options, "sandbox") ?? "auto") as BackendChoice;
  if (backendOf(backend).judge !== "simulator") findings.push(...refuseInKernel(line.options));
  return {
    rules: readRulesFiles(rules.files, rules.reading, io, findings),
    around: readSurroundings(line.options, io, findings),
  };
}

/** Scenarios with the same rules would say the same. */
function tellOnce(io: Pick<CommandIo, "err">): Pick<CommandIo, "err"> {
  const told = new Set<string>();
  return {
    err: (text) => {
      if (!told.has(text)) io.err(text);
      told.add(text);
    },
  };
}
