import type { Comparison } from "../../analysis/diff.ts";
import { listConcerned } from "../../analysis/flows/concerned-protocols.ts";
import type { AnalysisSetting } from "../../analysis/flows/partition.ts";
import { impliedRouting, impliedShape } from "../../analysis/pod/implied-pod.ts";
import type { FamilyRules } from "../../formats/interpreter.ts";
import type { Family } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { FLOW_PROTOCOLS } from "../../model/flow.ts";
import type { GivenRules } from "../../model/given-rules.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { PolicyRouting } from "../../model/policy-routing.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { makePodSpec } from "../../run/pod-spec.ts";
import type { CaptureCommandLine } from "../arguments/capture-options.ts";
import { lastValue, type ParsedOptions } from "../arguments/options.ts";
import { placePod, tellTakenPorts } from "../arguments/pod-addresses.ts";
import { readWithin } from "../arguments/restriction.ts";
import type { CommandIo } from "../command.ts";
import { readBudget } from "../input/analysis-input.ts";
import { type GivenSurroundings, readSurroundings } from "../input/given-surroundings.ts";
import { listRoutedMarks, tellUnusedMarks } from "../input/surroundings.ts";
import { fillKnown } from "../input/told-rules.ts";
import { refuse } from "../refusal.ts";
import { readBoth } from "./both-sides.ts";
import { joinShapes } from "./joined-shape.ts";
import { type MeshSides, readMeshSides } from "./mesh-side.ts";

/** Two sides of rules, ready to be compared, and the families that both have. */
export interface DiffInput extends Omit<Comparison, "family"> {
  /** The families that both sides have, or the one that was asked for. */
  readonly families: readonly Family[];
  /** Families that only one side has rules of, where none was asked for: no answer is about them. */
  readonly leftOut: readonly Family[];
  /** The config of the sandbox they are compared in: that of the flags, or the seed command's. */
  readonly capture: Capture;
  /** Whether marks need policy routing, which such files say nothing of. */
  readonly routing: "as-installed" | "none-needed";
  /** The texts of the files. */
  readonly given: readonly GivenRules[];
}

const NO_MESHES: MeshSides = { from: null, to: null };

interface ComparedPod {
  readonly capture: Capture;
  readonly options: ParsedOptions;
  readonly sides?: MeshSides;
  /** What files say of where rules from files stand. */
  readonly around?: GivenSurroundings;
}

/** Reads the two files that `diff` compares. Throws `bad-input` with every finding, those given included. */
export function readDiffInput(
  options: ParsedOptions,
  line: CaptureCommandLine | null,
  known: readonly Finding[],
  io: CommandIo,
): DiffInput {
  const findings = [...known];
  const sides = readMeshSides(options, line, io, findings);
  const around = readSurroundings(options, io, findings);
  refuseRoutingOfMeshes(options, findings);
  const { families, leftOut, before, after, given } = readBoth(options, sides, io, findings);
  if (line === null) throw refuse(known);
  const capture = sides.from?.capture ?? sides.to?.capture ?? line.capture;
  const [filledBefore = before, filledAfter = after] = fillKnown([before, after], around, io);
  const filled = { before: filledBefore, after: filledAfter };
  const comparison = makeComparison(filled, families, { capture, options, sides, around }, io);
  tellUnusedMarks([...(sides.from ? [] : [comparison.before]), ...(sides.to ? [] : [comparison.after])], io);
  return { families, leftOut, capture, given, ...comparison };
}

/**
 * Gives two rule sets in the pod of a capture, ready to be compared; `sides`, the meshes that gave them, if any. Throws `bad-input` for a
 * budget or flows that cannot be read.
 */
export function makeComparison(
  { before, after }: { readonly before: FamilyRules; readonly after: FamilyRules },
  families: readonly Family[],
  { capture, options, sides = NO_MESHES, around }: ComparedPod,
  io: CommandIo,
): Omit<DiffInput, "families" | "leftOut" | "capture" | "given"> {
  const rulesets = [before, after].flatMap(({ ip, ip6 }) => [ip, ip6].filter((ruleset) => ruleset !== null));
  const other = sides.to?.capture ?? capture;
  const addresses = placePod(capture);
  tellTakenPorts(capture, io);
  const budget = readBudget(lastValue(options, "budget"));
  const within = readWithin(lastValue(options, "within"), {
    shape: joinShapes(capture.shape, other.shape),
    addresses,
    tested: families,
    protocols: FLOW_PROTOCOLS,
  });
  const known = around?.routing ?? findOwnRouting(capture);
  const implied = known ?? impliedRouting(rulesets);
  const { was, is, onLo } = addRouting(before, after, sides, implied);
  const specOf = (shape: PodShape) => makePodSpec({ shape: impliedShape(shape, rulesets) }, [], [], addresses);
  const isMigration = sides.from !== null && sides.to !== null;
  const pods = isMigration ? { before: specOf(capture.shape), after: specOf(other.shape) } : undefined;
  const setting: AnalysisSetting = {
    spec: specOf(joinShapes(capture.shape, other.shape)),
    addresses,
    passThrough: onLo.length > 0 ? "there" : "absent",
    ...(budget === null ? {} : { budget }),
    ...(within === null ? {} : { within }),
    ...(around?.routing ? { routedMarks: listRoutedMarks(around.routing) } : {}),
    ...(isMigration ? {} : { protocols: listConcerned(rulesets) }),
  };
  const routing = known === null && implied.rules.length > 0 && !isMigration ? "as-installed" : "none-needed";
  return { before: was, after: is, setting, routing, ...(pods ? { pods } : {}) };
}

/** Gives the routing that a mesh's own rules need; null where they need none. */
function findOwnRouting({ generated }: Capture): PolicyRouting | null {
  return generated && generated.policyRouting.rules.length > 0 ? generated.policyRouting : null;
}

function refuseRoutingOfMeshes({ values }: ParsedOptions, findings: Finding[]): void {
  if (!values.has("routing") || !values.has("from") || !values.has("to")) return;
  const message = "The rules of a mesh come with the routing they need; remove --routing.";
  findings.push(codedFinding("conflict", "--routing", message));
}

/** Files stand in the same routing, unless a mesh gives one side: only the rules are compared. So it is with addresses of lo. */
function addRouting(before: FamilyRules, after: FamilyRules, { from, to }: MeshSides, implied: PolicyRouting) {
  const [first, second] = [from?.rules.policyRouting ?? implied, to?.rules.policyRouting ?? implied];
  const onLo = [first, second].find(({ addresses }) => addresses.length > 0)?.addresses ?? [];
  const was: PodRules = { ...before, policyRouting: { ...first, addresses: onLo } };
  const is: PodRules = { ...after, policyRouting: { ...second, addresses: onLo } };
  return { was, is, onLo };
}
