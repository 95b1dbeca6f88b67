import { isDeepStrictEqual } from "node:util";
import type { Family } from "../model/address.ts";
import type { Flow } from "../model/flow.ts";
import { type Landing, landingsAgree, renderLandingKey } from "../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../model/pod.ts";
import type { RulePlace } from "../model/rule-place.ts";
import type { PodRules } from "../model/ruleset.ts";
import { describeBriefly } from "./brief-class.ts";
import { describeClass, keyOfRow } from "./class-text.ts";
import type { Diagram } from "./diagrams/diagrams.ts";
import { locateFlow } from "./flows/flow-location.ts";
import { choosePoint, findPaths, listPreferences, type Path, readAssumptions } from "./flows/flow-points.ts";
import type { Lane } from "./flows/lane.ts";
import { type AnalysisSetting, type Partition, partitionFlows } from "./flows/partition.ts";
import { joinSocketRows } from "./flows/socket-rows.ts";
import { makeWitness, type Witness } from "./flows/witness.ts";
import { type Lander, openLander } from "./pod/pod-under-analysis.ts";
import { openPreparation, type PreparePod } from "./pod/wide-pod.ts";
import { findSuspicious, SAME } from "./suspicious.ts";
import { nameByRole, tellKindsApart } from "./two-pods.ts";

/** One class of flows that two rule sets land differently. */
export interface Change {
  readonly witness: Witness;
  readonly before: Landing;
  readonly after: Landing;
  /** The two landings with the flow's own ends left aside: `{ before: "envoy-inbound:15006", after: "as dialled" }`. */
  readonly kinds: { readonly before: string; readonly after: string };
  /** The whole class in words; no flow of it is left out. */
  readonly class: string;
  /** Its terminals in the diagram of its lane. */
  readonly terminals: ReadonlySet<Diagram>;
  /**
   * Gives classes of the same lane together, by all of their terminals, as a person says them ({@link describeBriefly}):
   * `uid 1337 or gid 1337`; null where that takes many words.
   */
  readonly describe: (terminals: ReadonlySet<Diagram>) => string | null;
  /** Says whether a flow is of this class, unknown matches answering as they do for the witness. */
  readonly holds: (flow: Flow) => boolean;
  /** The rules that decide the witness, under each rule set. */
  readonly rulesBefore: readonly RulePlace[];
  readonly rulesAfter: readonly RulePlace[];
}

/** Says whether both landings of a change are known: a flow that cannot be looked at may land anywhere, also where it did before. */
export function isKnown({ before, after }: Change): boolean {
  return before.kind !== "could-not-look" && after.kind !== "could-not-look";
}

/** Two rule sets of one family, with what stands around them. */
export interface Comparison {
  readonly family: Family;
  readonly before: PodRules;
  readonly after: PodRules;
  readonly setting: AnalysisSetting;
  /**
   * The pod that each side has, where they are not the same: two meshes, say. What is captured lands alike then where the proxy takes it in
   * the same role, whatever its listener's name and port. The setting's own pod has the proxies and listeners of both.
   */
  readonly pods?: { readonly before: PodSpec; readonly after: PodSpec };
}

/**
 * Gives every class of flows that two rule sets land differently, grouped by the pair of landings; none: no flow tells them apart. Complete
 * over all flows of {@link listLanes}; a flow's stub answers. Throws `budget-exceeded` rather than give a part.
 *
 * Limits: a match that is not understood is taken to answer the same for all packets of a flow; landings are the simulator's.
 *
 * @example
 * diffRulesets({ family: 4, before: rules, after: rulesWithoutOwner, setting }).map(({ class: flows, kinds }) => [flows, kinds])
 * // [["from the pod to elsewhere: uid other than 1337, gid 1337; or uid 1337",
 * //   { before: "as dialled", after: "envoy-outbound:15001" }], …]
 */
export function diffRulesets(comparison: Comparison): readonly Change[] {
  const { family, before, after, setting } = comparison;
  const partition = partitionFlows(family, [before, after], setting);
  const sides = listSides(comparison);
  const lanes = partition.lanes.map((lane) => ({ lane, rows: diffLane(lane, partition, comparison, sides) }));
  return joinSocketRows(
    lanes,
    (change, lane) =>
      keyOfRow({ class: change.class, lane: lane.name, kind: change.kinds, assumed: change.witness.assumed }),
    joinChanges,
  );
}

function joinChanges(changes: readonly [Change, ...Change[]]): Change {
  return { ...changes[0], holds: (flow) => changes.some(({ holds }) => holds(flow)) };
}

/** A rule set with the pod that it has, which is prepared for a lane's flows where some of them may land differently. */
interface Side {
  readonly rules: PodRules;
  readonly spec: PodSpec;
  readonly prepare: PreparePod;
}

function listSides({ before, after, setting, pods }: Comparison): readonly [Side, Side] {
  const { spec, addresses } = setting;
  return [openSide(before, pods?.before ?? spec, addresses), openSide(after, pods?.after ?? spec, addresses)];
}

function openSide(rules: PodRules, spec: PodSpec, addresses: SandboxAddresses): Side {
  let prepare: PreparePod | null = null;
  return {
    rules,
    spec,
    prepare: (flows) => {
      prepare ??= openPreparation(spec, [rules], addresses);
      return prepare(flows);
    },
  };
}

interface Suspect {
  readonly terminal: Diagram;
  readonly witness: Witness;
}

function diffLane(
  lane: Lane,
  partition: Partition,
  comparison: Comparison,
  sides: readonly [Side, Side],
): readonly Change[] {
  const { space } = partition;
  const { before, after, pods } = comparison;
  const isOnePod = pods === undefined && isDeepStrictEqual(before.policyRouting, after.policyRouting);
  const suspicious = findSuspicious(lane, partition, isOnePod ? "same-pod" : "two-pods");
  const prefer = listPreferences(space, comparison.setting);
  const suspects = [...findPaths(suspicious, space, prefer)].filter(
    ([terminal]) => terminal !== partition.outside && space.diagrams.nameOf(terminal) !== SAME,
  );
  const witnesses = suspects.map(
    ([terminal, path]): Suspect => ({ terminal, witness: witnessOf(path, lane, partition, comparison) }),
  );
  if (witnesses.length === 0) return [];
  const all = witnesses.map(({ witness }) => witness);
  const open = (side: Side) => openLander(side.rules, side.spec, all, space.mattering, side.prepare);
  const [old, fresh] = [open(sides[0]), open(sides[1])];
  const groups = new Map<
    string,
    Pick<Change, "kinds"> & { readonly suspect: Suspect; readonly terminals: Set<Diagram> }
  >();
  for (const suspect of witnesses) {
    const [was, is] = [old.land(suspect.witness, "answer"), fresh.land(suspect.witness, "answer")];
    const isSame =
      pods === undefined
        ? isSameLanding(was, is) && (was.kind !== "refused" || isSameRefusal(old, fresh, suspect.witness))
        : isSameLanding(nameByRole(was, pods.before.shape), nameByRole(is, pods.after.shape));
    if (isSame) continue;
    const kinds = tellKindsApart(old.kindOf(suspect.witness), fresh.kindOf(suspect.witness), was, is);
    const key = JSON.stringify([kinds.before, kinds.after, ...suspect.witness.assumed]);
    const group = groups.get(key) ?? { kinds, suspect, terminals: new Set() };
    groups.set(key, group);
    group.terminals.add(suspect.terminal);
  }
  return [...groups.values()].map(({ kinds, suspect: { witness }, terminals }) => {
    const [was, is] = [old.explain(witness, "answer"), fresh.explain(witness, "answer")];
    return {
      witness,
      before: was.landing,
      after: is.landing,
      kinds,
      class: describeClass(suspicious, terminals, lane, space),
      terminals,
      describe: (all) => describeBriefly(suspicious, all, lane, space),
      holds: (flow) => {
        const terminal = locateFlow(suspicious, flow, witness.assumed, lane, space);
        return terminal !== null && terminals.has(terminal);
      },
      rulesBefore: was.rules,
      rulesAfter: is.rules,
    };
  });
}

function witnessOf(path: Path, lane: Lane, { space }: Partition, { family, setting }: Comparison): Witness {
  const { addresses, spec } = setting;
  const point = choosePoint(path, lane, space, listPreferences(space, setting));
  return makeWitness(point, family, addresses, spec.shape, readAssumptions(path, space));
}

/** A landing that cannot be told is not known to be the same as any other. */
function isSameLanding(before: Landing, after: Landing): boolean {
  return renderLandingKey(before) === renderLandingKey(after) && landingsAgree(before, after);
}

/**
 * Nobody listens at most ports of the analysis's pod, and at any of them in some real one: there it matters whether a rule refuses a flow,
 * and to which port it is sent.
 */
function isSameRefusal(old: Lander, fresh: Lander, witness: Witness): boolean {
  const [was, is] = [old.explain(witness, "answer"), fresh.explain(witness, "answer")];
  return was.isRejected === is.isRejected && was.landing.port === is.landing.port;
}
