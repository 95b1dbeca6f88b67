import { BACKEND_CHOICES, type BackendChoice, backendOf, MUTATION_BACKEND } from "../../model/backends.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import type { GivenRules } from "../../model/given-rules.ts";
import { listWords } from "../../model/listed-words.ts";
import type { FlowsToAdd, MutantReport } from "../../model/mutation-report.ts";
import { DEFAULT_ADDRESSES, type SandboxAddresses } from "../../model/pod.ts";
import { renderJson } from "../../report/json.ts";
import { listGiven, openChecked } from "../../run/checked-sandbox.ts";
import { findFlowsToAdd } from "../../run/mutation/flows-to-add.ts";
import { judgeMutants, scoreMutants } from "../../run/mutation/mutation.ts";
import { findSubjects, type MutationSubject, type SubjectFlows } from "../../run/mutation/mutation-subject.ts";
import { DEFAULT_SANDBOX_OPTIONS } from "../../sandbox/open-sandbox.ts";
import { readBoundedNumber } from "../arguments/bounded-number.ts";
import { readCaptureWords } from "../arguments/capture-options.ts";
import { FAMILY_OPTION, readFamily } from "../arguments/family-option.ts";
import { JUDGING } from "../arguments/judging.ts";
import { CONTRACT_OPTION, MANIFEST_OPTION, STRICT_OPTION } from "../arguments/mesh-specs.ts";
import { lastValue, type OptionSpec } from "../arguments/options.ts";
import { placePod } from "../arguments/pod-addresses.ts";
import { tellDefaultConfig } from "../arguments/told-settings.ts";
import type { Command, CommandIo } from "../command.ts";
import { makeRulesOptions, readReading, readRulesPaths } from "../input/rules-file.ts";
import { openInterruptibleSandbox } from "../interruption.ts";
import { describeFlowsToAdd, describeScore, describeSubject } from "../output/mutation-text.ts";
import { makeProgress } from "../output/progress.ts";
import { refuseUsage } from "../refusal.ts";
import { isMadeFromConfig, readScenarios, type ScenarioSelection } from "../verify/scenarios.ts";
import type { CommandHelp } from "./help.ts";

/** Sandboxes at the same time unless another number or backend is named. */
const JOBS = backendOf(MUTATION_BACKEND).jobs;

const SPECS: readonly OptionSpec[] = [
  {
    name: "all",
    value: null,
    help: "uses the rule sets of every built-in scenario, and adds the flows that their options require",
  },
  {
    name: "demanded",
    value: null,
    help: "adds to a scenario's own flows those that its options require, as verify does for mesh options",
  },
  CONTRACT_OPTION,
  MANIFEST_OPTION,
  STRICT_OPTION,
  {
    ...FAMILY_OPTION,
    help: "breaks and drives only this family (default: every family that has rules)",
  },
  ...makeRulesOptions("your own rules", "a family without a file is not broken"),
  {
    name: "sandbox",
    value: "BACKEND",
    choices: BACKEND_CHOICES,
    help: `${listWords(BACKEND_CHOICES, "or")} (default ${MUTATION_BACKEND})`,
  },
  {
    name: "jobs",
    value: "N",
    help: `how many sandboxes run at the same time (default ${JOBS.mutants}, ${JOBS["mutants-of-several"]} for several rule sets, ${backendOf("auto").jobs.mutants} in containers)`,
  },
  {
    name: "json",
    value: null,
    help: "prints every mutant as JSON, with its outcome, the flow that caught or would have caught it, and that flow's landing",
  },
];

const HELP: CommandHelp = {
  usage: ["landfall mutate [MESH OPTION…] [OPTION…]", "landfall mutate SCENARIO… [OPTION…]"],
  about: [
    "Breaks the rules one value at a time, drives flows against each broken rule set (mutant), and reports which defects the flows miss. It deletes, duplicates, moves and negates each rule, changes each value at its boundaries, and changes each policy and each policy-routing entry. A mutant is caught if a flow lands where it must not, equivalent if no flow of the protocols that it looked at (TCP, and UDP or ICMP if options, contract, flows or rules concern it) lands differently, and missed otherwise. It ends with a smallest set found of flows that catch the missed mutants, to be pasted into the scenario. Without arguments it uses the seed command's rules.",
    "With mesh options, it drives the flows that the options require. With scenarios, it drives only the flows of the scenarios, so that the score measures what these would notice.",
  ],
  options: [{ title: "Options", options: SPECS }],
  captureFlags: "mentioned",
  words: "scenarios",
  examples: [
    ["landfall mutate -u 1337 -b '*' -i '*' -d 15020", "the rules of these options, with the flows that they require"],
    ["landfall mutate flows/first.mjs", "the rules of a scenario, with its own flows only"],
  ],
  exitCodes: {
    0: "no mutant was missed",
    1: "some mutants were missed",
    2: "bad usage or bad input, or the unbroken rules are already wrong",
    3: "the environment cannot run it",
  },
};

/** `landfall mutate`: breaks rules on purpose and says which defects the flows would miss. */
export const mutate: Command = {
  help: HELP,
  async run(args, io) {
    const options = readMutateOptions(args, io);
    if (options.scenarios.line.purpose === "usage") return { helpOn: options.scenarios.line.named };
    if (isMadeFromConfig(options.scenarios)) tellDefaultConfig(options.scenarios.line, io);
    const scenarios = await readScenarios(options.scenarios, io);
    const flowsToAdd: FlowsToAdd[] = [];
    const subjects = findSubjects(scenarios, options.source, findAddresses(options));
    const mutants = await judgeAll(subjects, { ...options, given: listGiven(scenarios) }, flowsToAdd, io);
    const report = scoreMutants(mutants, flowsToAdd);
    const inWords = () => [describeScore(mutants, report.score), ...flowsToAdd.map(describeFlowsToAdd)].join("");
    io.out(options.output === "json" ? renderJson(report) : inWords());
    return report.score < 1 ? 1 : 0;
  },
};

interface MutateOptions {
  readonly scenarios: ScenarioSelection;
  readonly source: SubjectFlows;
  readonly sandbox: BackendChoice;
  /** Null: as many as fit the work. */
  readonly jobs: number | null;
  readonly output: "text" | "json";
}

function readMutateOptions(args: readonly string[], io: CommandIo): MutateOptions {
  const {
    line,
    options,
    captureFrom,
    findings: found,
  } = readCaptureWords(args, { specs: SPECS, withoutFlags: "injected", positionals: "own", ...JUDGING }, io);
  const findings: Finding[] = [...found];
  const { values, positionals: words } = options;
  const rules = { files: readRulesPaths(options, io, findings), reading: readReading(options), script: null };
  const selection = values.has("all") ? "all" : "named";
  const jobs = readBoundedNumber("--jobs", lastValue(options, "jobs"), [1, 64], findings);
  if ((words.length > 0 || selection === "all") && captureFrom === "flags")
    findings.push(
      codedFinding(
        "conflict",
        "-p … -k",
        "Scenarios contain their own options; give either scenarios or mesh options, not both.",
      ),
    );
  if (line === null || findings.length > 0) throw refuseUsage(findings);
  const family = readFamily(options);
  const scenarios: ScenarioSelection = { line, words, selection, rules, task: "verify", shard: null, family };
  const sandbox = (lastValue(options, "sandbox") ?? MUTATION_BACKEND) as BackendChoice;
  const source = words.length > 0 && !values.has("demanded") ? "scenarios" : "scenarios-and-configs";
  return { scenarios, source, sandbox, jobs, output: values.has("json") ? "json" : "text" };
}

async function judgeAll(
  subjects: readonly MutationSubject[],
  options: MutateOptions & { readonly given: readonly GivenRules[] },
  flowsToAdd: FlowsToAdd[],
  io: CommandIo,
): Promise<readonly MutantReport[]> {
  const { sandbox, jobs, output, given } = options;
  using progress = makeProgress(io, () => performance.now());
  const addresses = findAddresses(options);
  const say = (text: string) => progress.tellAside(`landfall: ${text}\n`);
  let missed = 0;
  return await judgeMutants(subjects, {
    start: openChecked(
      () => openInterruptibleSandbox(sandbox, { ...DEFAULT_SANDBOX_OPTIONS, addresses, say }),
      given,
      say,
    ),
    jobs: jobs ?? chooseJobs(sandbox, subjects.length),
    onMutant: ({ outcome }, done, of) => {
      if (outcome === "missed") missed += 1;
      progress.note(done, of, `mutants judged, ${missed === 0 ? "none" : missed} missed`);
    },
    onSubject: (subject, reports, mutants) => {
      progress.wipe();
      const isMissed = (i: number) => reports[i]?.outcome === "missed";
      const found = findFlowsToAdd(
        subject,
        mutants.filter((_, i) => isMissed(i)),
        addresses,
      );
      if (found) flowsToAdd.push(found);
      if (output === "text") io.out(describeSubject(subject, reports));
    },
  });
}

/** Scenarios name no addresses; flags may say which is the pod's. */
function findAddresses({ scenarios }: MutateOptions): SandboxAddresses {
  return isMadeFromConfig(scenarios) ? placePod(scenarios.line.capture) : DEFAULT_ADDRESSES;
}

function chooseJobs(sandbox: BackendChoice, subjects: number): number {
  return backendOf(sandbox).jobs[subjects > 1 ? "mutants-of-several" : "mutants"];
}
