import type { FamilyRules } from "../../formats/interpreter.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import type { GivenRules } from "../../model/given-rules.ts";
import { familyKey } from "../../model/ruleset.ts";
import { readFamily } from "../arguments/family-option.ts";
import type { ParsedOptions } from "../arguments/options.ts";
import type { CommandIo } from "../command.ts";
import { readReading, readRulesFiles } from "../input/rules-file.ts";
import { refuse } from "../refusal.ts";
import type { MeshSides } from "./mesh-side.ts";

/** What both sides have, by families. */
export interface BothSides {
  readonly families: readonly Family[];
  /** Families that only one side has rules of, where none was asked for. */
  readonly leftOut: readonly Family[];
  readonly before: FamilyRules;
  readonly after: FamilyRules;
  /** The texts of the files. */
  readonly given: readonly GivenRules[];
}

/**
 * Reads the sides that files give; those of meshes are read already. What is wrong is added to the findings. Throws `bad-input` with all of
 * them where there are any.
 */
export function readBoth(options: ParsedOptions, meshes: MeshSides, io: CommandIo, findings: Finding[]): BothSides {
  const paths = options.positionals;
  const isNamed = (option: string) => options.values.has(option);
  const wanted = 2 - ["from", "to"].filter(isNamed).length;
  if (paths.length !== wanted)
    findings.push(codedFinding("missing-value", "diff", describePaths(paths.length, wanted)));
  const named = readFamily(options);
  const given: GivenRules[] = [];
  const read = (path: string) => {
    const sources = path.split(",").map((one) => ({ path: one, family: named ?? 4 }) as const);
    const rules = readRulesFiles(sources, readReading(options), io, findings);
    given.push(...rules.given);
    return rules;
  };
  const left = [...paths];
  const sides = (["from", "to"] as const).map((option): FamilyRules => {
    const path = isNamed(option) ? undefined : left.shift();
    return meshes[option]?.rules ?? (path === undefined ? { ip: null, ip6: null } : read(path));
  });
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
  tellLeftOut(leftOut, families, io);
  const [limitedBefore, limitedAfter] = sides.map((side) => limitTo(side, families));
  if (findings.length > 0 || !limitedBefore || !limitedAfter) throw refuse(findings);
  return { families, leftOut, before: limitedBefore, after: limitedAfter, given };
}

function describePaths(given: number, wanted: number): string {
  const count = given === 0 ? "none" : `${given}`;
  if (wanted === 2) return `Name two files, not ${count}: landfall diff BEFORE AFTER.`;
  return wanted === 1
    ? `Name one file together with --from or --to, not ${count}.`
    : `Name no file together with --from and --to, which already name both sides, not ${count}.`;
}

function tellLeftOut(leftOut: readonly Family[], [known]: readonly Family[], io: CommandIo): void {
  for (const family of leftOut)
    io.err(
      `landfall: IPv${family} was not compared: only one side has rules for it. Give the other side's rules too, or --family ${known}.\n`,
    );
}

function findLeftOut(sides: readonly FamilyRules[], families: readonly Family[]): readonly Family[] {
  return FAMILIES.filter(
    (family) => !families.includes(family) && sides.some((side) => side[familyKey(family)] !== null),
  );
}

function limitTo({ ip, ip6 }: FamilyRules, families: readonly Family[]): FamilyRules {
  return { ip: families.includes(4) ? ip : null, ip6: families.includes(6) ? ip6 : null };
}
