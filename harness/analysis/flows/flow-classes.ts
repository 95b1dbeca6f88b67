import { type Family, renderAddress } from "../../model/address.ts";
import type { Manner } from "../../model/flow.ts";
import type { Landing } from "../../model/landing.ts";
import type { PodRules } from "../../model/ruleset.ts";
import type { Diagram } from "../diagrams/diagrams.ts";
import { type ExplainedLanding, type Lander, openLander } from "../pod/pod-under-analysis.ts";
import { openPreparation } from "../pod/wide-pod.ts";
import { locateFlow } from "./flow-location.ts";
import { choosePoint, findPaths, listPreferences, type Path, readAssumptions } from "./flow-points.ts";
import type { FlowSpace } from "./flow-space.ts";
import type { Lane } from "./lane.ts";
import { type AnalysisSetting, partitionFlows } from "./partition.ts";
import { type FlowPoint, makeWitness, type Witness } from "./witness.ts";

/** Flows that are treated alike, with one that stands for them. */
export interface FlowClass {
  /** Its terminal in its lane's diagram. */
  readonly terminal: Diagram;
  readonly witness: Witness;
}

/**
 * One lane's flows, all of them, in classes.
 *
 * @example
 * classifyFlows(rules, 4, setting).map(({ lane, classes }) => [lane.name, classes.length])   // [["from the pod to elsewhere", 12], …]
 */
export interface ClassifiedLane {
  readonly lane: Lane;
  /** The diagram that says which flows are of which class. */
  readonly diagram: Diagram;
  readonly space: FlowSpace;
  readonly classes: readonly FlowClass[];
  /** Gives what stands for all that the rules do with a class: classes that only hosts and listeners tell apart share it. */
  treatmentOf(flowClass: FlowClass): Diagram;
  /** Gives the flow that stands for the flows of a path of the diagram; the same one each time that a path leads to the same flow. */
  witnessAt(path: Path): Witness;
  /** Gives the same where somebody may accept what it dials; null where no host has that address. */
  answeredAt(path: Path): Witness | null;
  land(flowClass: FlowClass, manner: Manner): Landing;
  /** Gives the kind of where it lands if it is answered, as {@link Lander} does. */
  kindOf(flowClass: FlowClass): string;
  /** Gives the same with the rules that decide it. */
  explain(flowClass: Pick<FlowClass, "witness">, manner: Manner): ExplainedLanding;
}

/**
 * Gives all flows of a family in classes: under these rules every flow of a class takes the same way and lands alike, its own ends aside.
 * Throws `budget-exceeded` rather than give a part.
 */
export function classifyFlows(rules: PodRules, family: Family, setting: AnalysisSetting): readonly ClassifiedLane[] {
  return [...classifyEachLane(rules, family, setting)];
}

/**
 * Gives the same lane by lane: of large rule sets there is only room for the flows of one at a time. Throws `budget-exceeded` at the lane
 * that is too much, and then what came before is of no use either.
 */
export function* classifyEachLane(
  rules: PodRules,
  family: Family,
  setting: AnalysisSetting,
): Generator<ClassifiedLane, void> {
  const partition = partitionFlows(family, [rules], setting);
  const { space, divide, outside, sign, tellSent, join } = partition;
  const prefer = listPreferences(space, setting);
  const prepare = openPreparation(setting.spec, [rules], setting.addresses);
  for (const lane of partition.lanes) {
    const diagram = divide(lane);
    const paths = [...findPaths(diagram, space, prefer)].filter(([terminal]) => terminal !== outside);
    const witnesses = new Map<string, Witness>();
    const pointAt = (path: Path) => choosePoint(path, lane, space, prefer);
    const witnessAt = (path: Path, point = pointAt(path)): Witness => {
      const assumed = readAssumptions(path, space);
      const key = renderPointKey(point, assumed);
      const known = witnesses.get(key);
      const witness = known ?? makeWitness(point, family, setting.addresses, setting.spec.shape, assumed);
      witnesses.set(key, witness);
      return witness;
    };
    const classes = paths.map(([terminal, path]): FlowClass => ({ terminal, witness: witnessAt(path) }));
    // A lane's signature is kept: this gives the one that its diagram was made of.
    const treated = () => sign(lane).map(tellSent).reduce(join);
    const lander: Lander = openLander(
      rules,
      setting.spec,
      classes.map(({ witness }) => witness),
      space.mattering,
      prepare,
    );
    yield {
      lane,
      diagram,
      space,
      classes,
      treatmentOf: ({ terminal, witness: { flow, assumed } }) =>
        locateFlow(treated(), flow, assumed, lane, space) ?? terminal,
      witnessAt: (path) => witnessAt(path),
      answeredAt: (path) => {
        const point = pointAt(path);
        return lander.isOwned(renderAddress(family, point.destination), lane) ? witnessAt(path, point) : null;
      },
      land: ({ witness }, manner) => lander.land(witness, manner),
      kindOf: ({ witness }) => lander.kindOf(witness),
      explain: ({ witness }, manner) => lander.explain(witness, manner),
    };
  }
}

/** Gives a text that two points of one lane share only where they are the same flow, with the same assumed of it. */
function renderPointKey(
  { uid, gid, source, destination, port, sourcePort }: Omit<FlowPoint, "lane">,
  assumed: Witness["assumed"],
): string {
  return JSON.stringify([uid, gid, `${source}`, `${destination}`, port, sourcePort, ...assumed]);
}
