import { impliedRouting, impliedShape } from "../../analysis/pod/implied-pod.ts";
import { findUnusedMarks } from "../../analysis/pod/unused-marks.ts";
import type { FamilyRules } from "../../formats/interpreter.ts";
import { renderHex } from "../../formats/values.ts";
import { findLikelyMesh } from "../../meshes/likely-mesh.ts";
import type { Capture } from "../../model/capture.ts";
import { listWords } from "../../model/listed-words.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { MarkTest, PolicyRouting } from "../../model/policy-routing.ts";
import { listRulesetTargets } from "../../model/rule-parts.ts";
import { placeInFile, type RulePlace } from "../../model/rule-place.ts";
import { NO_RULES, type PodRules, type Ruleset } from "../../model/ruleset.ts";
import { describePlace } from "../../report/landing-phrase.ts";
import type { CommandIo } from "../command.ts";
import type { GivenSurroundings } from "./given-surroundings.ts";
import { fillKnown } from "./told-rules.ts";

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
  const [outside = given] = fillKnown([given], around, io);
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
