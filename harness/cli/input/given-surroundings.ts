import { type IpSet, readIpsets } from "../../formats/ipset-save.ts";
import { readRoutingListing } from "../../formats/routing-listing.ts";
import type { ToldMatches } from "../../formats/told-matches.ts";
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import type { PolicyRouting } from "../../model/policy-routing.ts";
import type { OptionSpec, ParsedOptions } from "../arguments/options.ts";
import type { CommandIo } from "../command.ts";
import { readInput } from "./input-file.ts";
import { readTimedSets } from "./rules-file.ts";

/** The option that gives a pod's policy routing, which files of rules say nothing of. */
const ROUTING_OPTION: OptionSpec = {
  name: "routing",
  value: "FILE",
  help: "the pod's routing: output of ip rule, ip -6 rule, ip route show table all and ip -6 route show table all, or of the same with -j; without it, the routing that TPROXY needs counts as installed",
};

/** The option that says what is in the sets that rules name. */
const SETS_OPTION: OptionSpec = {
  name: "sets",
  value: "FILE",
  help: "what is in the sets that rules ask for with -m set: output of ipset save; without it, such a match is unknown",
};

/** The option that says whether elements of a set that will expire count. */
const TIMED_SETS_OPTION: OptionSpec = {
  name: "timed-sets",
  value: "HOW",
  choices: ["unknown", "as-listed"],
  help: "what counts as in sets whose elements expire: unknown (default), or as-listed, as at the moment of the listing",
};

/** The option that says what a match does that is not understood. */
const ASSUME_OPTION: OptionSpec = {
  name: "assume",
  value: "MATCH=holds|fails",
  repeatable: true,
  help: "what a match of the rules that landfall does not understand does with every packet, as in --assume 'meta length < 200=holds'; the match in the words of the answer that says the landing depends on it",
};

/** What is said where an answer depends on something that a kernel would decide for itself. */
const IN_KERNEL = {
  sets: "The sandbox cannot create sets in a kernel; use --sandbox simulated with verify, and no --observe elsewhere.",
  assume:
    "A kernel decides for itself whether a match holds; use --sandbox simulated with verify, and no --observe elsewhere.",
  "timed-sets":
    "In a kernel the elements of a set expire; use --sandbox simulated with verify, and no --observe elsewhere.",
} as const;

/** Gives a finding for each option that cannot be given where rules are put into a kernel. */
export function refuseInKernel({ values }: Pick<ParsedOptions, "values">): readonly Finding[] {
  return (["sets", "assume", "timed-sets"] as const)
    .filter((name) => values.has(name))
    .map((name) => codedFinding("conflict", `--${name}`, IN_KERNEL[name]));
}

/** The options that say what rules from files stand in. */
export const SURROUNDINGS_OPTIONS: readonly OptionSpec[] = [
  ROUTING_OPTION,
  SETS_OPTION,
  TIMED_SETS_OPTION,
  ASSUME_OPTION,
];

/** What rules from files stand in, read from files of their own. */
export interface GivenSurroundings {
  /** Null where no file says it. */
  readonly routing: PolicyRouting | null;
  /** By name; null where no file says what is in them. */
  readonly sets: ReadonlyMap<string, IpSet> | null;
  readonly assumed: ToldMatches;
}

/** Reads the files that say what rules stand in. What is wrong is added to the findings. */
export function readSurroundings(
  options: Pick<ParsedOptions, "values">,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): GivenSurroundings {
  const { values } = options;
  if (values.has("observe")) findings.push(...refuseInKernel(options));
  return {
    routing: readFile(values.get("routing")?.at(-1), readRoutingListing, io, findings),
    sets: readFile(
      values.get("sets")?.at(-1),
      (text, where) => readIpsets(text, where, readTimedSets(options)),
      io,
      findings,
    ),
    assumed: readAssumed(values.get("assume") ?? [], findings),
  };
}

function readAssumed(words: readonly string[], findings: Finding[]): ToldMatches {
  const told = new Map<string, "holds" | "fails">();
  for (const word of words) {
    const [, text = "", answer] = /^(.*\S)\s*=\s*(holds|fails)\s*$/s.exec(word) ?? [];
    const match = text.trim().replace(/\s+/g, " ");
    const fault = answer === undefined ? ASSUMED_FORM : (told.get(match) ?? answer) === answer ? null : TOLD_TWICE;
    if (fault === null) told.set(match, answer === "holds" ? "holds" : "fails");
    else findings.push(codedFinding("malformed-text", "--assume", `${JSON.stringify(word)}: ${fault}`));
  }
  return told;
}

const ASSUMED_FORM =
  "This does not end with =holds or =fails; write a match and what it does, as in 'meta length < 200=holds'.";
const TOLD_TWICE = "Another --assume says the opposite of the same match; remove one of the two.";

function readFile<T>(
  path: string | undefined,
  read: (text: string, where: string) => Parsed<T>,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): T | null {
  const text = path === undefined ? null : readInput(path, io, findings);
  if (path === undefined || text === null) return null;
  const parsed = read(text, path === "-" ? "standard input" : path);
  if (parsed.ok) return parsed.value;
  for (const found of parsed.findings) findings.push(found);
  return null;
}

/** Adds a finding for each of these files that is given without rules: those of a mesh have their own routing, and name no sets. */
export function refuseSurroundingsAlone({ values }: Pick<ParsedOptions, "values">, findings: Finding[]): void {
  const messages = {
    routing: "A mesh's own rules come with the routing they need; give rules with --rules FILE, or remove --routing.",
    sets: "A mesh's own rules ask for no set; give rules with --rules FILE, or remove --sets.",
    assume:
      "A mesh's own rules have no match that is not understood; give rules with --rules FILE, or remove --assume.",
    "timed-sets": "A mesh's own rules ask for no set; give rules with --rules FILE, or remove --timed-sets.",
  } as const;
  for (const name of ["routing", "sets", "assume", "timed-sets"] as const)
    if (values.has(name)) findings.push(codedFinding("conflict", `--${name}`, messages[name]));
}
