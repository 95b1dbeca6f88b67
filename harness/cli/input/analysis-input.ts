import type { AnalysisSetting } from "../../analysis/flows/partition.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding, finding } from "../../model/finding.ts";
import type { FlowProtocol } from "../../model/flow.ts";
import type { GivenRules } from "../../model/given-rules.ts";
import { listFamilies, NO_RULES, type PodRules } from "../../model/ruleset.ts";
import { describeUnseenFamily } from "../../report/classes-phrase.ts";
import { makePodSpec } from "../../run/pod-spec.ts";
import { type CaptureCommandLine, readCaptureCommand } from "../arguments/capture-options.ts";
import { FAMILY_OPTION, findUnseenFamilies, readFamily } from "../arguments/family-option.ts";
import { JUDGING } from "../arguments/judging.ts";
import { CONTRACT_OPTION, MANIFEST_OPTION } from "../arguments/mesh-specs.ts";
import { lastValue, type OptionSpec } from "../arguments/options.ts";
import { placePod, tellTakenPorts } from "../arguments/pod-addresses.ts";
import { readWithin, WITHIN_OPTION } from "../arguments/restriction.ts";
import { tellDefaultConfig, tellWarnings } from "../arguments/told-settings.ts";
import type { CommandIo } from "../command.ts";
import { refuse } from "../refusal.ts";
import { readSurroundings, refuseSurroundingsAlone, SURROUNDINGS_OPTIONS } from "./given-surroundings.ts";
import { listRulesSources, makeRulesOptions, readReading, readRulesFiles } from "./rules-file.ts";
import { listRoutedMarks, placeRules } from "./surroundings.ts";

/** The option that bounds an analysis. */
export const BUDGET_OPTION: OptionSpec = {
  name: "budget",
  value: "NODES",
  help: "how many diagram nodes the analysis may create before it gives up (default 4000000)",
};

/** Options of the commands that analyse rules over all flows. */
export const ANALYSIS_OPTIONS: readonly OptionSpec[] = [
  ...makeRulesOptions(
    "rules to analyse; the mesh options then say only what the rules must do",
    "a family without a file is not analysed if the other family has one",
  ),
  ...SURROUNDINGS_OPTIONS,
  CONTRACT_OPTION,
  MANIFEST_OPTION,
  FAMILY_OPTION,
  BUDGET_OPTION,
  WITHIN_OPTION,
  { name: "json", value: null, help: "prints the result as JSON" },
];

/** What is said where a contract is given and no rules. */
export const CONTRACT_WITHOUT_RULES: Finding = codedFinding(
  "missing-value",
  "--contract",
  "A contract states what must happen but generates no rules; give the rules with --rules FILE.",
);

/** Rules to be analysed, with what is demanded of them. */
export interface AnalysisInput {
  readonly line: CaptureCommandLine;
  readonly rules: PodRules;
  readonly capture: Capture;
  readonly setting: AnalysisSetting;
  /** Families of the pod that no rules were given for: an answer that says nothing of them is not the whole one. */
  readonly notLookedAt: readonly Family[];
  /** The texts of rules from outside. */
  readonly given: readonly GivenRules[];
}

/**
 * Reads a command's words: capture flags (the seed command without any), and user-supplied rules in place of the generated ones. Tells on
 * stderr of warnings and of families that are not analysed. Throws `bad-input` with every finding about files and rules, `bad-usage` with
 * those about options.
 */
export function readAnalysisInput(
  args: readonly string[],
  specs: readonly OptionSpec[],
  io: CommandIo,
  protocols: readonly FlowProtocol[] = ["tcp"],
): AnalysisInput {
  const line = readCaptureCommand(
    args,
    {
      specs: [...ANALYSIS_OPTIONS, ...specs],
      withoutFlags: "injected",
      positionals: "none",
      ...JUDGING,
    },
    io,
  );
  if (line.purpose !== "usage") tellDefaultConfig(line, io);
  tellWarnings(line.warnings, io);
  const { all, capture, around, given } = readGivenRules(line, io);
  const asked = readFamily(line.options);
  const notLookedAt = findUnseenFamilies(capture, asked, listFamilies(all));
  if (asked === null) tellUntested(all, notLookedAt, io);
  for (const family of notLookedAt) io.err(`landfall: ${describeUnseenFamily(family)}\n`);
  const rules = limitRules(all, asked);
  const families = listFamilies(rules);
  if (families.length === 0)
    throw refuse([codedFinding("wrong-family", "--family", `No IPv${asked} rules are given.`)]);
  const budget = readBudget(lastValue(line.options, "budget"));
  const addresses = placePod(capture);
  tellTakenPorts(capture, io);
  const narrowed = { shape: capture.shape, addresses, tested: families, protocols };
  const within = readWithin(lastValue(line.options, "within"), narrowed);
  const setting: AnalysisSetting = {
    spec: makePodSpec(capture, [], [], addresses),
    addresses,
    passThrough: rules.policyRouting.addresses.length > 0 ? "there" : "absent",
    ...(budget === null ? {} : { budget }),
    ...(within === null ? {} : { within }),
    ...(around.routing === null ? {} : { routedMarks: listRoutedMarks(around.routing) }),
  };
  return { line, rules, capture, setting, notLookedAt, given };
}

/** Gives the rules that a command line names, in the pod that they need; throws `bad-input` with every finding. */
function readGivenRules(line: CaptureCommandLine, io: CommandIo) {
  const { generated } = line.capture;
  const findings: Finding[] = [];
  const { ip, ip6, given } = readRulesFiles(listRulesSources(line.options), readReading(line.options), io, findings);
  const isFromOutside = ip !== null || ip6 !== null;
  const around = readSurroundings(line.options, io, findings);
  if (!isFromOutside && findings.length === 0) {
    if (generated === null) findings.push(CONTRACT_WITHOUT_RULES);
    refuseSurroundingsAlone(line.options, findings);
  }
  if (findings.length > 0) throw refuse(findings);
  if (!isFromOutside) return { all: generated ?? NO_RULES, capture: line.capture, around, given };
  const { rules: all, capture } = placeRules({ ip, ip6 }, line.capture, around, io);
  return { all, capture, around, given };
}

/** A family that the pod has no address of is not asked about unless rules are given for it. */
function tellUntested(rules: PodRules, notLookedAt: readonly Family[], io: CommandIo): void {
  const given = listFamilies(rules);
  for (const family of FAMILIES.filter((one) => !given.includes(one) && !notLookedAt.includes(one)))
    io.err(`landfall: IPv${family} is not analysed: no file contains rules for it.\n`);
}

function limitRules(rules: PodRules, asked: Family | null): PodRules {
  if (asked === null) return rules;
  return asked === 4 ? { ...rules, ip6: null } : { ...rules, ip: null };
}

/**
 * Reads the value of `--budget`, a number of diagram nodes from 1 to 67108864 (2^26); null where it is not given. Anything else is
 * `bad-input`.
 */
export function readBudget(text: string | undefined): number | null {
  if (text === undefined) return null;
  const budget = Number(text);
  if (Number.isInteger(budget) && budget >= 1 && budget <= 2 ** 26) return budget;
  throw refuse([finding("--budget", `"${text}" is not a number of nodes; use a whole number between 1 and 67108864.`)]);
}
