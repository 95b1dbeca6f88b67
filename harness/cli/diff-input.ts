import type { Comparison } from "../analysis/diff.ts";
import { impliedRouting, impliedShape } from "../analysis/implied-pod.ts";
import type { AnalysisSetting } from "../analysis/partition.ts";
import { FAMILIES } from "../model/address.ts";
import type { Capture } from "../model/capture.ts";
import { codedFinding, type Finding } from "../model/finding.ts";
import { familyKey, type PodRules, type Ruleset } from "../model/ruleset.ts";
import { makePodSpec } from "../run/pod-spec.ts";
import { readBudget } from "./analysis-input.ts";
import type { CaptureCommandLine } from "./capture-options.ts";
import type { CommandIo } from "./command.ts";
import { lastValue, type ParsedOptions } from "./options.ts";
import { placePod, tellTakenPorts } from "./pod-addresses.ts";
import { refuse } from "./refusal.ts";
import { readWithin } from "./restriction.ts";
import { readRulesFiles, readTable } from "./rules-file.ts";

/** Two files of rules, ready to be compared. */
export interface DiffInput extends Comparison {
  /** The config of the sandbox they are compared in: that of the flags, or the seed command's. */
  readonly capture: Capture;
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
  const [before, after] = readBoth(options, io, [...known]);
  const rulesets = [before, after];
  if (line === null) throw refuse(known);
  const { capture } = line;
  const addresses = placePod(capture);
  tellTakenPorts(capture, io);
  const budget = readBudget(lastValue(options, "budget"));
  const within = readWithin(lastValue(options, "within"), {
    shape: capture.shape,
    addresses,
    tested: [before.family],
    protocols: ["tcp", "udp"],
  });
  // What either rule set needs is there for both: only the rules are compared.
  const policyRouting = impliedRouting(rulesets);
  const toPod = (ruleset: Ruleset): PodRules => ({
    ip: ruleset.family === 4 ? ruleset : null,
    ip6: ruleset.family === 6 ? ruleset : null,
    policyRouting,
  });
  const shape = impliedShape(capture.shape, rulesets);
  const setting: AnalysisSetting = {
    spec: makePodSpec({ shape }, [], [], addresses),
    addresses,
    passThrough: policyRouting.addresses.length > 0 ? "there" : "absent",
    ...(budget === null ? {} : { budget }),
    ...(within === null ? {} : { within }),
  };
  const routing = policyRouting.rules.length > 0 ? "as-installed" : "none-needed";
  return { family: before.family, before: toPod(before), after: toPod(after), setting, capture, routing };
}

function readBoth(options: ParsedOptions, io: CommandIo, findings: Finding[]): readonly [Ruleset, Ruleset] {
  const paths = options.positionals;
  if (paths.length !== 2)
    findings.push(
      codedFinding(
        "missing-value",
        "diff",
        `Name two files, not ${paths.length === 0 ? "none" : paths.length}: landfall diff BEFORE AFTER.`,
      ),
    );
  const given = lastValue(options, "family");
  const named = given === undefined ? null : given === "6" ? 6 : 4;
  const read = (path: string) => {
    const sources = path.split(",").map((one) => ({ path: one, family: named ?? 4 }) as const);
    return readRulesFiles(sources, readTable(options), io, findings);
  };
  const sides = paths.slice(0, 2).map(read);
  const common = FAMILIES.filter((family) => sides.every((side) => side[familyKey(family)] !== null));
  const [family, ...others] = named === null ? common : common.filter((one) => one === named);
  if (findings.length === 0 && family === undefined)
    findings.push(
      codedFinding(
        "wrong-family",
        paths[1] ?? "",
        "The two sides have no family in common; compare rules of one family.",
      ),
    );
  if (findings.length === 0 && others.length > 0)
    findings.push(
      codedFinding(
        "wrong-family",
        "--family",
        "Both sides have rules of IPv4 and IPv6; give --family 4, then --family 6.",
      ),
    );
  const [before, after] = sides.map((side) => side[familyKey(family ?? 4)]);
  if (findings.length > 0 || !before || !after) throw refuse(findings);
  return [before, after];
}
