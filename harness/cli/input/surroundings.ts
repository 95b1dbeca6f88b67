import { impliedRouting, impliedShape } from "../../analysis/pod/implied-pod.ts";
import { findUnusedMarks } from "../../analysis/pod/unused-marks.ts";
import type { FamilyRules } from "../../formats/interpreter.ts";
import { type IpSet, readIpsets } from "../../formats/ipset-save.ts";
import { readRoutingListing } from "../../formats/routing-listing.ts";
import { resolveSets } from "../../formats/set-matches.ts";
import { renderHex } from "../../formats/values.ts";
import { findLikelyMesh } from "../../meshes/likely-mesh.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import { listWords } from "../../model/listed-words.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { MarkTest, PolicyRouting } from "../../model/policy-routing.ts";
import { listRulesetTargets } from "../../model/rule-parts.ts";
import { placeInFile, type RulePlace } from "../../model/rule-place.ts";
import { NO_RULES, type PodRules, type Ruleset } from "../../model/ruleset.ts";
import { describePlace } from "../../report/landing-phrase.ts";
import type { OptionSpec, ParsedOptions } from "../arguments/options.ts";
import type { CommandIo } from "../command.ts";
import { readInput } from "./input-file.ts";

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

/** What is said where rules with sets would have to be put into a kernel. */
export const SETS_IN_KERNEL: Finding = codedFinding(
  "conflict",
  "--sets",
  "The sandbox cannot create sets in a kernel; use --sandbox simulated with verify, and no --observe elsewhere.",
);

/** The options that say what rules from files stand in. */
export const SURROUNDINGS_OPTIONS: readonly OptionSpec[] = [ROUTING_OPTION, SETS_OPTION];

/** What rules from files stand in, read from files of their own. */
export interface GivenSurroundings {
  /** Null where no file says it. */
  readonly routing: PolicyRouting | null;
  /** By name; null where no file says what is in them. */
  readonly sets: ReadonlyMap<string, IpSet> | null;
}

/** Reads the files that say what rules stand in. What is wrong is added to the findings. */
export function readSurroundings(
  options: Pick<ParsedOptions, "values">,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): GivenSurroundings {
  const { values } = options;
  // Nothing in a sandbox makes sets.
  if (values.has("sets") && values.has("observe")) findings.push(SETS_IN_KERNEL);
  return {
    routing: readFile(values.get("routing")?.at(-1), readRoutingListing, io, findings),
    sets: readFile(values.get("sets")?.at(-1), readIpsets, io, findings),
  };
}

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
  } as const;
  for (const name of ["routing", "sets"] as const)
    if (values.has(name)) findings.push(codedFinding("conflict", `--${name}`, messages[name]));
}

/** Gives rules with what is known of their sets in the matches' places; tells why of others it is not known. */
export function fillSets(rules: FamilyRules, { sets }: GivenSurroundings, io: Pick<CommandIo, "err">): FamilyRules {
  if (sets === null) return rules;
  const [ip, ip6] = [rules.ip, rules.ip6].map((ruleset) => ruleset && resolveSets(ruleset, sets));
  for (const notice of new Set([ip, ip6].flatMap((one) => one?.notices ?? []))) io.err(`landfall: ${notice}.\n`);
  return { ip: ip?.ruleset ?? null, ip6: ip6?.ruleset ?? null };
}

/** Rules from outside in the pod that they need. */
export interface PlacedRules {
  readonly rules: PodRules;
  readonly capture: Capture;
}

/**
 * Gives rules from files with the routing they stand in: that of a file, or else that of the mesh's own rules, or else what TPROXY needs,
 * which is told. Listeners that TPROXY leads to are transparent, unless a contract file says what they are.
 */
export function placeRules(
  given: FamilyRules,
  capture: Capture,
  around: GivenSurroundings,
  io: Pick<CommandIo, "err">,
): PlacedRules {
  const { routing } = around;
  const outside = fillSets(given, around, io);
  const rulesets = [outside.ip, outside.ip6].filter((ruleset) => ruleset !== null);
  const own = capture.generated?.policyRouting ?? NO_RULES.policyRouting;
  const implied = impliedRouting(rulesets);
  const isImplied = routing === null && own.rules.length === 0 && rulesets.some(usesTproxy);
  if (isImplied) io.err(`landfall: ${describeImplied(implied)}\n`);
  const taken = isImplied ? { ...implied, addresses: own.addresses } : own;
  const rules: PodRules = { ...outside, policyRouting: routing ?? taken };
  tellUnusedMarks([rules], io);
  tellLikelyMesh(outside, capture, io);
  if (capture.generated === null) return { rules, capture };
  return { rules, capture: withShape(capture, (shape) => impliedShape(shape, rulesets)) };
}

/** Tells of rules that look like those of another mesh than the one that is asked for: they do not do what it demands. */
export function tellLikelyMesh({ ip, ip6 }: FamilyRules, { mesh }: Capture, io: Pick<CommandIo, "err">): void {
  const rulesets = [ip, ip6].filter((ruleset) => ruleset !== null);
  const likely = findLikelyMesh(rulesets, mesh);
  if (likely === null) return;
  const { name } = likely.mesh;
  const rest = likely.names.slice(CHAINS_NAMED).length;
  const chains = [...likely.names.slice(0, CHAINS_NAMED), ...(rest > 0 ? [`${rest} more`] : [])];
  io.err(
    `landfall: the rules look like those of ${name} (${listWords(chains, "and")}), and landfall uses the settings and demands of --mesh ${mesh}. If they are meant for ${name}, add --mesh ${name}.\n`,
  );
}

/** Chains by which a mesh is told that are named. */
const CHAINS_NAMED = 3;

/** Wherever the pod stands. */
function withShape(capture: Capture, edit: (shape: PodShape) => PodShape): Capture {
  const placeIn: Capture["placeIn"] = (addresses) => withShape(capture.placeIn(addresses), edit);
  return { ...capture, shape: edit(capture.shape), placeIn };
}

/** Names each mark that rules set and that nothing known asks for: some routing that the files do not show may. */
export function tellUnusedMarks(sides: readonly PodRules[], io: Pick<CommandIo, "err">): void {
  const told = sides.flatMap((rules) =>
    [rules.ip, rules.ip6].flatMap((ruleset) => (ruleset ? describeUnused(ruleset, rules) : [])),
  );
  for (const sentence of new Set(told)) io.err(`landfall: ${sentence}\n`);
}

function describeUnused(ruleset: Ruleset, rules: PodRules): readonly string[] {
  return findUnusedMarks(ruleset, rules.policyRouting).map(({ value, ...place }) => {
    const where = describePlace(placeInFile<RulePlace>(place, rules));
    return `no known route and no later rule uses the mark ${renderHex(value)} that ${where} sets; if an ip rule does, give the pod's routing with --routing FILE.`;
  });
}

/** Says that what TPROXY needs counts as there. */
function describeImplied({ rules }: PolicyRouting): string {
  const marks = new Set(rules.flatMap((rule) => (rule.kind === "lookup" && rule.fwmark ? [rule.fwmark.value] : [])));
  const routed = [...marks].map(renderHex).join(", ");
  const routes = routed === "" ? "" : ` and the routes for the mark ${routed}`;
  return `the rules use TPROXY, so the transparent listeners${routes} count as installed; give the pod's own routing with --routing FILE.`;
}

function usesTproxy(ruleset: Ruleset): boolean {
  return listRulesetTargets(ruleset).some(({ kind }) => kind === "tproxy" || kind === "tproxy-socket");
}

/** Gives the marks that routing asks for: sockets with such a mark are flows of their own. */
export function listRoutedMarks({ rules }: PolicyRouting): readonly MarkTest[] {
  return rules.flatMap((rule) => (rule.kind === "lookup" && rule.fwmark ? [rule.fwmark] : []));
}
