import type { Family } from "../model/address.ts";
import type { Landing } from "../model/landing.ts";
import type { PodRules } from "../model/ruleset.ts";
import { describeClass, keyOfRow } from "./class-text.ts";
import { type ClassifiedLane, classifyEachLane, type FlowClass } from "./flows/flow-classes.ts";
import type { AnalysisSetting } from "./flows/partition.ts";
import { joinSocketRows, type LaneRows } from "./flows/socket-rows.ts";
import type { Witness } from "./flows/witness.ts";

/** One line of the map: flows that land alike. */
export interface MappedClass {
  /** Which flows these are, in words: the lane, a colon, the conditions. */
  readonly class: string;
  /** Where they start and where they are headed: `from the pod to elsewhere`. */
  readonly lane: string;
  readonly witness: Witness;
  /** Where the witness lands. */
  readonly landing: Landing;
  /** Where they all land, their own ends left aside: `envoy-inbound:15006`, `as dialled`. */
  readonly kind: string;
}

/**
 * Gives the complete table of one family: every flow is in exactly one class. Lanes keep their order, and within one the larger classes go
 * first. Throws `budget-exceeded` rather than give a part. A family whose rules are null is taken to have none.
 *
 * @example
 * mapFlows(rules, 4, { spec, addresses: DEFAULT_ADDRESSES, passThrough: "absent" })[0]
 * // { class: "from the pod to elsewhere: uid other than 1337, gid 1337; or uid 1337", lane: "from the pod to elsewhere",
 * //   witness: { flow: …, … }, landing: { kind: "listener", listener: "upstream", … }, kind: "as dialled" }
 */
export function mapFlows(rules: PodRules, family: Family, setting: AnalysisSetting): readonly MappedClass[] {
  const lanes: LaneRows<MappedClass>[] = [];
  for (const classified of classifyEachLane(rules, family, setting))
    lanes.push({ lane: classified.lane, rows: mapLane(classified) });
  return joinSocketRows(
    lanes,
    (row) => keyOfRow({ ...row, assumed: row.witness.assumed }),
    ([first]) => first,
  );
}

function mapLane(classified: ClassifiedLane): readonly MappedClass[] {
  const { lane, diagram, space, classes, land, kindOf } = classified;
  const landed = classes.map((flowClass) => {
    const landing = land(flowClass, "answer");
    return { flowClass, landing, kind: kindOf(flowClass) };
  });
  const groups = Map.groupBy(
    landed,
    ({ flowClass, kind }) => `${kind} ${JSON.stringify([...flowClass.witness.assumed])}`,
  );
  return [...groups.values()]
    .toSorted((a, b) => b.length - a.length)
    .flatMap((group) => {
      const [best] = group;
      const terminals = new Set(group.map(({ flowClass }: { readonly flowClass: FlowClass }) => flowClass.terminal));
      if (!best) return [];
      const text = describeClass(diagram, terminals, lane, space);
      return [
        { class: text, lane: lane.name, witness: best.flowClass.witness, landing: best.landing, kind: best.kind },
      ];
    });
}
