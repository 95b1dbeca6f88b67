import { basename, extname, join } from "node:path";
import type { Family } from "../../model/address.ts";
import { backendOf, hasKernel } from "../../model/backends.ts";
import type { CaptureWords } from "../../model/capture.ts";
import { type BackendName, type FlowReport, judgePrediction, type ScenarioReport } from "../../model/report.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import type { CommandIo } from "../command.ts";
import { listContainerOptions } from "./container-options.ts";
import type { VerifyOptions } from "./options.ts";
import { findScenarioFiles, isMadeFromConfig } from "./scenarios.ts";

/** What of a scenario is to be repeated, and on what. */
export interface Repetition {
  readonly report: ScenarioReport;
  /** What makes the scenario's settings again, in the addresses of the sandbox. */
  readonly settings: CaptureWords;
  /** The flows that went wrong: one of each cause is explained, or the one that the script is asked for. */
  readonly flows: readonly FlowReport[];
  /** Files of the kernel's rules, beside the script: `{ rules: "rules.txt", rules6: null }`. */
  readonly files: Readonly<Record<"rules" | "rules6" | "nft", string | null>>;
  /** The scenario's ports of the app. */
  readonly listen: readonly number[];
  readonly backend: BackendName;
}

/**
 * Gives a shell script that verifies the scenario again on the same backend, and then explains one flow of each cause rule by rule under
 * the rules as the kernel had them, driven beside that, or only the flow that it is asked for. It ends with the exit code that `verify`
 * gave.
 */
export function renderRepetition(repetition: Repetition, options: VerifyOptions, io: CommandIo): string {
  const { words, environment } = repetition.settings;
  const examples = chooseExamples(repetition);
  const others = repetition.flows.filter((flow) => !examples.includes(flow));
  const explain = (flows: readonly FlowReport[]) => [
    ...new Set(flows.map((flow) => explainAgain(flow, repetition, words))),
  ];
  const settings = Object.entries(environment).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
  const verify = verifyAgain(repetition, words, options, io);
  return [
    ...[HEAD, ...settings, defineProgram()],
    ...["", verify, "status=$?", ...explain(examples)],
    ...(others.length === 0 ? [] : ['if [ -n "$only" ]; then', ...explain(others), "fi"]),
    ...['exit "$status"', ""],
  ].join("\n");
}

const HEAD = `#!/bin/sh
# Verifies the scenario again, and ends as that does. Then it explains, rule by rule, one flow of each cause,
# or only the failed flow that it is given: sh repeat.sh 'client -> pod:8080'
only=$1
cd "$(dirname "$0")" || exit 3`;

/** Flows that the simulator landed elsewhere than the kernel did are explained beside causes: few tell as much as many. */
const MISPREDICTED_AT_MOST = 3;

/** Each explanation takes a sandbox: one flow of each cause tells what all of its flows do. */
function chooseExamples({ report: { causes = [] }, flows }: Repetition): readonly FlowReport[] {
  const firsts = causes.flatMap(({ flows: [first] }) =>
    flows.filter(({ flow, manner }) => flow === first?.flow && manner === first.manner),
  );
  const odd = flows.filter((flow) => judgePrediction(flow) === "disagrees").slice(0, MISPREDICTED_AT_MOST);
  return flows.filter((flow) => firsts.includes(flow) || odd.includes(flow));
}

/** The config is the scenario's, every setting of it, whatever the command line said. */
function explainAgain({ flow, manner }: FlowReport, repetition: Repetition, config: readonly string[]): string {
  const { files, listen, backend } = repetition;
  return renderCommand([
    ...["explain", flow, ...(manner === "forward" ? ["--forward"] : [])],
    ...(hasKernel(backend) ? ["--observe", "--sandbox", backend] : []),
    ...takeRules(files),
    ...(listen.length > 0 ? ["--listen", listen.join(",")] : []),
    ...config,
  ]);
}

/**
 * Rules get in as they did: a scenario's own are generated again, a script is run again, and of files those families that were under test
 * are taken as the kernel had them.
 */
function verifyAgain(
  { report, files, backend }: Repetition,
  config: readonly string[],
  options: VerifyOptions,
  io: CommandIo,
): string {
  const { rules } = options;
  const isNamed = (file: string) => basename(file, extname(file)) === report.name;
  const isGiven = (family: Family) => rules.files.some((file) => file.family === family);
  const scenario = isMadeFromConfig(options) ? config : findScenarioFiles(options, io).filter(isNamed);
  return renderCommand([
    ...["verify", ...scenario, "--sandbox", backend],
    ...takeRules({
      rules: isGiven(4) ? files.rules : null,
      rules6: isGiven(6) ? files.rules6 : null,
      nft: rules.files.length > 0 ? files.nft : null,
    }),
    ...(rules.script === null ? [] : ["--rules-script", rules.script]),
    ...listAsked(report, options).flatMap((pattern) => ["--flows", pattern]),
    ...(options.envoy === "real" ? ["--envoy", "real"] : []),
    // Other backends refuse them; with `auto` one may have run all the same.
    ...(backendOf(backend).hosts === "containers" ? listContainerOptions(options) : []),
  ]);
}

/** Of patterns some may ask for flows of other scenarios alone, and would be refused for this one. */
function listAsked({ flows }: ScenarioReport, options: VerifyOptions): readonly string[] {
  if (options.flows === null) return [];
  return isMadeFromConfig(options) ? options.flows : [...new Set(flows.map(({ flow }) => flow))];
}

function takeRules({ rules, rules6, nft }: Repetition["files"]): readonly string[] {
  const option = (name: string, file: string | null) => (file === null ? [] : [name, file]);
  return [...option("--rules", rules), ...option("--rules6", rules6), ...option("--rules", nft)];
}

function renderCommand(words: readonly string[]): string {
  return ["landfall", ...words].map(quoteForShell).join(" ");
}

/**
 * Gives a shell function `landfall` that is the very program that runs now, as a checkout puts none into the path; where that is not there,
 * since the folder has been taken to another machine, the one that the path or npx finds. It passes over explanations of other flows than
 * the one that is asked for.
 */
function defineProgram(): string {
  const main = join(import.meta.dirname, "..", `main${extname(import.meta.filename)}`);
  const program = `node=${quoteForShell(process.execPath)} main=${quoteForShell(main)}`;
  return `${program}
landfall() {
  if [ "$1" = explain ] && [ -n "$only" ] && [ "$2" != "$only" ]; then return 0; fi
  if [ -x "$node" ] && [ -e "$main" ]; then "$node" "$main" "$@"
  elif (unset -f landfall; command -v landfall) >/dev/null; then command landfall "$@"
  else npx landfall "$@"; fi
}`;
}
