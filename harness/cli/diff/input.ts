import type { Comparison } from "../../analysis/diff.ts";
import type { AnalysisSetting } from "../../analysis/flows/partition.ts";
import { impliedRouting, impliedShape } from "../../analysis/pod/implied-pod.ts";
import type { FamilyRules } from "../../formats/interpreter.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { familyKey, type PodRules } from "../../model/ruleset.ts";
import { makePodSpec } from "../../run/pod-spec.ts";
import type { CaptureCommandLine } from "../arguments/capture-options.ts";
import { lastValue, type ParsedOptions } from "../arguments/options.ts";
import { placePod, tellTakenPorts } from "../arguments/pod-addresses.ts";
import { readWithin } from "../arguments/restriction.ts";
import type { CommandIo } from "../command.ts";
import { readBudget } from "../input/analysis-input.ts";
import { readRulesFiles, readTable } from "../input/rules-file.ts";
import { refuse } from "../refusal.ts";

/** Two files of rules, ready to be compared. */
export interface DiffInput extends Omit<Comparison, "family"> {
  /** The families that both sides have, or the one that was asked for. */
  readonly families: readonly Family[];
  /** Families that only one side has rules of, where none was asked for: no answer is about them. */
  readonly leftOut: readonly Family[];
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
  const { families, leftOut, before, after } = readBoth(options, io, [...known]);
  if (line === null) throw refuse(known);
  const { capture } = line;
  return { families, leftOut, capture, ...makeComparison({ before, after }, families, { capture, options }, io) };
}

/** Gives two rule sets in the pod of a capture, ready to be compared. Throws `bad-input` for a budget or flows that cannot be read. */
export function makeComparison(
  { before, after }: { readonly before: FamilyRules; readonly after: FamilyRules },
  families: readonly Family[],
  { capture, options }: { readonly capture: Capture; readonly options: ParsedOptions },
  io: CommandIo,
): Pick<DiffInput, "before" | "after" | "setting" | "routing"> {
  const rulesets = [before, after].flatMap(({ ip, ip6 }) => [ip, ip6].filter((ruleset) => ruleset !== null));
  const addresses = placePod(capture);
  tellTakenPorts(capture, io);
  const budget = readBudget(lastValue(options, "budget"));
  const within = readWithin(lastValue(options, "within"), {
    shape: capture.shape,
    addresses,
    tested: families,
    protocols: ["tcp", "udp"],
  });
  // What either rule set needs is there for both: only the rules are compared.
  const policyRouting = impliedRouting(rulesets);
  const toPod = (rules: FamilyRules): PodRules => ({ ...rules, policyRouting });
  const shape = impliedShape(capture.shape, rulesets);
  const setting: AnalysisSetting = {
    spec: makePodSpec({ shape }, [], [], addresses),
    addresses,
    passThrough: policyRouting.addresses.length > 0 ? "there" : "absent",
    ...(budget === null ? {} : { budget }),
    ...(within === null ? {} : { within }),
  };
  const routing = policyRouting.rules.length > 0 ? "as-installed" : "none-needed";
  return { before: toPod(before), after: toPod(after), setting, routing };
}

interface BothSides {
  readonly families: readonly Family[];
  readonly leftOut: readonly Family[];
  readonly before: FamilyRules;
  readonly after: FamilyRules;
}

function readBoth(options: ParsedOptions, io: CommandIo, findings: Finding[]): BothSides {
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
  const families = named === null ? common : common.filter((one) => one === named);
  if (findings.length === 0 && families.length === 0)
    findings.push(
      codedFinding(
        "wrong-family",
        paths[1] ?? "",
        "The two sides have no family in common; compare rules of one family.",
      ),
    );
  const leftOut = named === null && families.length > 0 ? findLeftOut(sides, families) : [];
  for (const family of leftOut)
    io.err(
      `landfall: IPv${family} was not compared: only one side has rules for it. Give the other side's rules too, or --family ${families[0]}.\n`,
    );
  const [before, after] = sides.map((side) => limitTo(side, families));
  if (findings.length > 0 || !before || !after) throw refuse(findings);
  return { families, leftOut, before, after };
}

function findLeftOut(sides: readonly FamilyRules[], families: readonly Family[]): readonly Family[] {
  return FAMILIES.filter(
    (family) => !families.includes(family) && sides.some((side) => side[familyKey(family)] !== null),
  );
}

function limitTo({ ip, ip6 }: FamilyRules, families: readonly Family[]): FamilyRules {
  return { ip: families.includes(4) ? ip : null, ip6: families.includes(6) ? ip6 : null };
}
