import { impliedRouting, impliedShape } from "../../analysis/pod/implied-pod.ts";
import { findUnusedMarks } from "../../analysis/pod/unused-marks.ts";
import type { FamilyRules } from "../../formats/interpreter.ts";
import { readRoutingListing } from "../../formats/routing-listing.ts";
import { renderHex } from "../../formats/values.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { MarkTest, PolicyRouting } from "../../model/policy-routing.ts";
import { listTargets } from "../../model/rule-parts.ts";
import {
  listRules,
  NO_RULES,
  type PodRules,
  placeInFile,
  type RulePlace,
  type Ruleset,
  renderOrigin,
} from "../../model/ruleset.ts";
import { lastValue, type OptionSpec, type ParsedOptions } from "../arguments/options.ts";
import type { CommandIo } from "../command.ts";
import { readInput } from "./input-file.ts";

/** The option that gives a pod's policy routing, which files of rules say nothing of. */
export const ROUTING_OPTION: OptionSpec = {
  name: "routing",
  value: "FILE",
  help: "the pod's routing: output of ip rule, ip -6 rule, ip route show table all and ip -6 route show table all, or of the same with -j; without it, the routing that TPROXY needs counts as installed",
};

/** What rules from files stand in, read from files of their own. */
export interface Surroundings {
  /** Null where no file says it. */
  readonly routing: PolicyRouting | null;
}

/** Reads the files that say what rules stand in. What is wrong is added to the findings. */
export function readSurroundings(
  options: Pick<ParsedOptions, "values">,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): Surroundings {
  return { routing: readRouting(lastValue({ positionals: [], ...options }, "routing"), io, findings) };
}

function readRouting(path: string | undefined, io: Pick<CommandIo, "workingDirectory">, findings: Finding[]) {
  const text = path === undefined ? null : readInput(path, io, findings);
  if (path === undefined || text === null) return null;
  const read = readRoutingListing(text, path === "-" ? "standard input" : path);
  if (read.ok) return read.value;
  for (const found of read.findings) findings.push(found);
  return null;
}

/** Adds a finding where routing is given and no rules: those of a mesh have their own. */
export function refuseRoutingAlone(options: Pick<ParsedOptions, "values">, findings: Finding[]): void {
  if (!options.values.has("routing")) return;
  const message =
    "A mesh's own rules come with the routing they need; give rules with --rules FILE, or remove --routing.";
  findings.push(codedFinding("conflict", "--routing", message));
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
  outside: FamilyRules,
  capture: Capture,
  { routing }: Surroundings,
  io: Pick<CommandIo, "err">,
): PlacedRules {
  const rulesets = [outside.ip, outside.ip6].filter((ruleset) => ruleset !== null);
  const own = capture.generated?.policyRouting ?? NO_RULES.policyRouting;
  const implied = impliedRouting(rulesets);
  const isImplied = routing === null && own.rules.length === 0 && rulesets.some(usesTproxy);
  if (isImplied) io.err(`landfall: ${describeImplied(implied)}\n`);
  const taken = isImplied ? { ...implied, addresses: own.addresses } : own;
  const rules: PodRules = { ...outside, policyRouting: routing ?? taken };
  tellUnusedMarks([rules], io);
  if (capture.generated === null) return { rules, capture };
  return { rules, capture: withShape(capture, (shape) => impliedShape(shape, rulesets)) };
}

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
    const origin = renderOrigin(placeInFile<RulePlace>({ ...place, rule: "" }, rules));
    const where = `${place.table} ${place.chain} ${place.index}${origin === null ? "" : ` (${origin})`}`;
    return `no known route and no later rule uses the mark ${renderHex(value)} that ${where} sets; if an ip rule does, give the pod's routing with --routing FILE.`;
  });
}

/** Says that what TPROXY needs counts as there. */
export function describeImplied({ rules }: PolicyRouting): string {
  const marks = new Set(rules.flatMap((rule) => (rule.kind === "lookup" && rule.fwmark ? [rule.fwmark.value] : [])));
  const routed = [...marks].map(renderHex).join(", ");
  const routes = routed === "" ? "" : ` and the routes for the mark ${routed}`;
  return `the rules use TPROXY, so the transparent listeners${routes} count as installed; give the pod's own routing with --routing FILE.`;
}

function usesTproxy(ruleset: Ruleset): boolean {
  const targets = listRules(ruleset).flatMap(listTargets);
  return targets.some(({ kind }) => kind === "tproxy" || kind === "tproxy-socket");
}

/** Gives the marks that routing asks for: sockets with such a mark are flows of their own. */
export function listRoutedMarks({ rules }: PolicyRouting): readonly MarkTest[] {
  return rules.flatMap((rule) => (rule.kind === "lookup" && rule.fwmark ? [rule.fwmark] : []));
}
