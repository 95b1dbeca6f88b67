import type { Comparison } from "../analysis/diff.ts";
import { impliedMode, impliedRouting } from "../analysis/implied-pod.ts";
import type { AnalysisSetting } from "../analysis/partition.ts";
import { seedConfig } from "../capture/seed-config.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import { type Finding, finding } from "../model/finding.ts";
import type { PodRules, Ruleset } from "../model/ruleset.ts";
import { makePodSpec } from "../run/pod-spec.ts";
import { readBudget } from "./analysis-input.ts";
import { type CaptureCommandLine, lastValue } from "./capture-options.ts";
import type { CommandIo } from "./command.ts";
import type { ParsedOptions } from "./options.ts";
import { placePod, tellTakenPorts } from "./pod-addresses.ts";
import { refuse } from "./refusal.ts";
import { readWithin } from "./restriction.ts";
import { readRulesFile } from "./rules-file.ts";

/** Two files of rules, ready to be compared. */
export interface DiffInput extends Comparison {
  /** The config of the sandbox they are compared in: that of the flags, or the seed command's. */
  readonly config: CaptureConfig;
  /** Whether marks need policy routing, which such files say nothing of. */
  readonly routing: "as-installed" | "none-needed";
}

/** Reads the two files that `diff` compares. Throws `bad-input` with every finding, those given included. */
export function readDiffInput(
  options: ParsedOptions,
  line: CaptureCommandLine | null,
  known: readonly Finding[],
  io: CommandIo,
): DiffInput {
  const [before, after] = readBoth(options.positionals, lastValue(options, "family"), io, [...known]);
  const rulesets = [before, after];
  const config = line?.capture.config ?? seedConfig();
  const addresses = placePod(config);
  tellTakenPorts(config, io);
  const budget = readBudget(lastValue(options, "budget"));
  const within = readWithin(lastValue(options, "within"), { config, addresses, tested: [before.family] });
  // What either rule set needs is there for both: only the rules are compared.
  const policyRouting = impliedRouting(rulesets);
  const toPod = (ruleset: Ruleset): PodRules => ({
    ip: ruleset.family === 4 ? ruleset : null,
    ip6: ruleset.family === 6 ? ruleset : null,
    policyRouting,
  });
  const isTransparent = config.interceptionMode === "TPROXY" || impliedMode(rulesets) === "TPROXY";
  const interceptionMode = isTransparent ? "TPROXY" : "REDIRECT";
  const setting: AnalysisSetting = {
    spec: { ...makePodSpec(config, [], [], addresses), interceptionMode },
    addresses,
    passThrough: policyRouting.addresses.length > 0 ? "there" : "absent",
    ...(budget === null ? {} : { budget }),
    ...(within === null ? {} : { within }),
  };
  const routing = policyRouting.rules.length > 0 ? "as-installed" : "none-needed";
  return { family: before.family, before: toPod(before), after: toPod(after), setting, config, routing };
}

function readBoth(
  paths: readonly string[],
  family: string | undefined,
  io: CommandIo,
  findings: Finding[],
): readonly [Ruleset, Ruleset] {
  const named = family === undefined ? null : family === "6" ? 6 : 4;
  if (paths.length !== 2)
    findings.push(
      finding("diff", `Name two files, not ${paths.length === 0 ? "none" : paths.length}: landfall diff BEFORE AFTER.`),
    );
  const [before, after] = paths.map((path) => readRulesFile(path, named, io, findings));
  if (before && after && before.family !== after.family) {
    findings.push(
      finding(
        paths[1] ?? "",
        `${paths[0]} is for IPv${before.family} and ${paths[1]} for IPv${after.family}; compare one family.`,
      ),
    );
  }
  if (findings.length > 0 || !before || !after) throw refuse(findings);
  return [before, after];
}
