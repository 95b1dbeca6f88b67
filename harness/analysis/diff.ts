import type { Family } from "../model/address.ts";
import type { Flow } from "../model/flow.ts";
import { type Landing, landingsAgree, renderLandingKey } from "../model/landing.ts";
import { emptyRuleset, familyKey, type PodRules, type RulePlace } from "../model/ruleset.ts";
import { describeClass, saysAll } from "./class-text.ts";
import type { Diagram } from "./diagrams/diagrams.ts";
import { locateFlow } from "./flows/flow-location.ts";
import { choosePoint, findPaths, listPreferences, type Path, readAssumptions } from "./flows/flow-points.ts";
import { FIRST_REST } from "./flows/flow-space.ts";
import type { Lane } from "./flows/lanes.ts";
import { type AnalysisSetting, type Partition, partitionFlows } from "./flows/partition.ts";
import { joinSocketRows } from "./flows/socket-rows.ts";
import { makeWitness, type Witness } from "./flows/witness.ts";
import { abstractLanding } from "./pod/abstract-landing.ts";
import { openLander } from "./pod/pod-under-analysis.ts";

/** One class of flows that two rule sets land differently. */
export interface Change {
  readonly witness: Witness;
  readonly before: Landing;
  readonly after: Landing;
  /** The two landings with the flow's own ends left aside: `{ before: "envoy-inbound:15006", after: "as dialled" }`. */
  readonly kinds: { readonly before: string; readonly after: string };
  /** The whole class in words; no flow of it is left out. */
  readonly class: string;
  /** Says whether a flow is of this class, unknown matches answering as they do for the witness. */
  readonly holds: (flow: Flow) => boolean;
  /** The rules that decide the witness, under each rule set. */
  readonly rulesBefore: readonly RulePlace[];
  readonly rulesAfter: readonly RulePlace[];
}

/** Two rule sets of one family, with what stands around them. */
export interface Comparison {
  readonly family: Family;
  readonly before: PodRules;
  readonly after: PodRules;
  readonly setting: AnalysisSetting;
}

/**
 * Gives every class of flows that two rule sets land differently, grouped by the pair of landings; none: no flow tells them apart.
 * Complete over all flows of {@link listLanes}; a flow's stub answers. Throws `budget-exceeded` rather than give a part.
 *
 * Limits: a match that is not understood is taken to answer the same for all packets of a flow; landings are the simulator's.
 */
export function diffRulesets({ family, before, after, setting }: Comparison): readonly Change[] {
  const rulesets = [before, after].map((rules) => rules[familyKey(family)] ?? emptyRuleset(family));
  const partition = partitionFlows(family, rulesets, setting);
  const comparison = { family, before, after, setting };
  const lanes = partition.lanes.map((lane) => ({ lane, rows: diffLane(lane, partition, comparison) }));
  return joinSocketRows(lanes, keyOfChange, joinChanges);
}

/** What makes two lanes' changes the same; a text that leaves boxes out does not say all. */
function keyOfChange({ class: text, kinds, witness }: Change, { name }: Lane): string | null {
  const conditions = text.slice(name.length);
  return saysAll(conditions) ? JSON.stringify([conditions, kinds, [...witness.assumed]]) : null;
}

function joinChanges(changes: readonly [Change, ...Change[]]): Change {
  return { ...changes[0], holds: (flow) => changes.some(({ holds }) => holds(flow)) };
}

interface Suspect {
  readonly terminal: Diagram;
  readonly witness: Witness;
}

function diffLane(lane: Lane, partition: Partition, comparison: Comparison): readonly Change[] {
  const { space } = partition;
  const { diagrams } = space;
  const { spec } = comparison.setting;
  const suspicious = findSuspicious(lane, partition);
  const prefer = listPreferences(space, comparison.setting);
  const suspects = [...findPaths(suspicious, space, prefer)].filter(
    ([terminal]) => terminal !== partition.outside && diagrams.nameOf(terminal) !== SAME,
  );
  const witnesses = suspects.map(
    ([terminal, path]): Suspect => ({ terminal, witness: witnessOf(path, lane, partition, comparison) }),
  );
  const all = witnesses.map(({ witness }) => witness);
  const open = (rules: PodRules) => openLander(rules, spec, all);
  const [old, fresh] = [open(comparison.before), open(comparison.after)];
  const groups = new Map<string, { readonly suspect: Suspect; readonly terminals: Set<Diagram> }>();
  for (const suspect of witnesses) {
    const landings = [old, fresh].map((lander) => lander.land(suspect.witness, "answer"));
    const [was, is] = landings;
    if (was === undefined || is === undefined || isSameLanding(was, is)) continue;
    const key =
      landings.map((landing) => abstractLanding(landing, suspect.witness.flow, spec.shape)).join("\n") +
      JSON.stringify([...suspect.witness.assumed]);
    const group = groups.get(key) ?? { suspect, terminals: new Set() };
    groups.set(key, group);
    group.terminals.add(suspect.terminal);
  }
  return [...groups.values()].map(({ suspect: { witness }, terminals }) => {
    const [was, is] = [old.explain(witness, "answer"), fresh.explain(witness, "answer")];
    return {
      witness,
      before: was.landing,
      after: is.landing,
      kinds: {
        before: abstractLanding(was.landing, witness.flow, spec.shape),
        after: abstractLanding(is.landing, witness.flow, spec.shape),
      },
      class: describeClass(suspicious, terminals, lane, space),
      holds: (flow) => {
        const terminal = locateFlow(suspicious, flow, witness.assumed, lane, space);
        return terminal !== null && terminals.has(terminal);
      },
      rulesBefore: was.rules,
      rulesAfter: is.rules,
    };
  });
}

const SAME = "same";

/** Gives the lane's flows by what both rule sets do with them, those that both treat the same in one terminal. */
function findSuspicious(lane: Lane, partition: Partition): Diagram {
  const { space, signatures, ground, join } = partition;
  const { diagrams } = space;
  const [first = partition.outside, second = partition.outside] = signatures;
  const same = diagrams.terminal(SAME);
  const pair = diagrams.combine(
    first,
    second,
    (a, b) => (a === b ? same : diagrams.terminal(`${a} or ${b}`)),
    new Map(),
    FIRST_REST,
  );
  const isSettled = (terminal: Diagram) => terminal === same || terminal === partition.outside;
  return ground.reduce(
    (cut, part) => diagrams.combine(cut, part, (a, b) => (isSettled(a) ? a : join(a, b)), new Map(), FIRST_REST),
    partition.restrict(pair, lane),
  );
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
