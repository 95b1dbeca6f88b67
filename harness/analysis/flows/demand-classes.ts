import { findExpectation } from "../../contract/expectation.ts";
import type { Family } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { type Expectation, isLanding, meetsExpectation } from "../../model/expectation.ts";
import type { Flow } from "../../model/flow.ts";
import { hostOfActor, type PodSpec } from "../../model/pod.ts";
import type { PodRules } from "../../model/ruleset.ts";
import type { Diagram } from "../diagrams/diagrams.ts";
import { abstractLanding } from "../pod/abstract-landing.ts";
import { openLander } from "../pod/pod-under-analysis.ts";
import { openPreparation, type PreparePod } from "../pod/wide-pod.ts";
import { locateFlow } from "./flow-location.ts";
import { choosePoint, findPaths, listPreferences, readAssumptions } from "./flow-points.ts";
import type { Lane } from "./lane.ts";
import { type AnalysisSetting, type Partition, partitionFlows } from "./partition.ts";
import { makeWitness, type Witness } from "./witness.ts";

/** Flows of one family that rules, a contract's demand and the sandbox's pod all treat alike. */
export interface DemandClass {
  /** The flow that stands for them: one of those known, or else one with values that a reader knows. */
  readonly witness: Witness;
  /** What the contract demands of it; null where it demands nothing. */
  readonly demanded: Expectation | null;
  /** Whether the simulator lands it elsewhere, so that it may show something wrong. */
  readonly isSuspect: boolean;
}

/** What is asked about, and the flows that are driven anyway, which stand for their classes. */
export interface DemandQuestion {
  readonly rules: PodRules;
  readonly capture: Capture;
  readonly family: Family;
  readonly setting: AnalysisSetting;
  readonly known: readonly Flow[];
  /** Says which lanes are asked about. */
  readonly concerns: (lane: Lane) => boolean;
}

/**
 * Gives every class of flows that rules, demand or pod can tell apart. Flows are first told apart at every value that the rules, the
 * contract or the pod name. Of these the ones are put together again that every chain of the rules treats alike, whose demanded landings
 * are alike, and which the simulator lands alike. The demand is asked of single flows, never of rules. Throws `budget-exceeded` rather
 * than give a part.
 */
export function classifyDemands({
  rules,
  capture,
  family,
  setting,
  known,
  concerns,
}: DemandQuestion): readonly DemandClass[] {
  const { splitPoints, protocols } = capture.contractFor(setting.addresses);
  const asked: AnalysisSetting = { ...setting, protocols, cuts: splitPoints(family), chosenPorts: "absent" };
  const partition = partitionFlows(family, [rules], asked);
  const prepare = openPreparation(setting.spec, [rules], setting.addresses);
  return partition.lanes.filter(concerns).flatMap((lane) => {
    const { space, divide, outside } = partition;
    const fine = divide(lane);
    const prefer = listPreferences(space, setting);
    const paths = [...findPaths(fine, space, prefer)].filter(([terminal]) => terminal !== outside);
    const parts = paths.map(([terminal, path]): Part => {
      const point = choosePoint(path, lane, space, prefer);
      const { addresses, spec } = setting;
      return { terminal, witness: makeWitness(point, family, addresses, spec.shape, readAssumptions(path, space)) };
    });
    return joinParts(
      parts.filter(({ witness }) => !isSelfConnected(witness.flow)),
      lane,
      partition,
      { rules, capture, setting, known, fine, prepare },
    );
  });
}

/** A socket that dials its own end is connected to itself, and is no flow between two. */
function isSelfConnected({ from, to }: Flow): boolean {
  return from.address === to.address && from.port === to.port;
}

/** Flows between two neighbouring values in every dimension. */
interface Part {
  readonly terminal: Diagram;
  readonly witness: Witness;
}

interface Around extends Pick<DemandQuestion, "rules" | "capture" | "setting" | "known"> {
  readonly fine: Diagram;
  readonly prepare: PreparePod;
}

function joinParts(parts: readonly Part[], lane: Lane, partition: Partition, around: Around): readonly DemandClass[] {
  const { space, sign } = partition;
  const { rules, capture, setting, known, fine, prepare } = around;
  const all = parts.map(({ witness }) => witness);
  const lander = openLander(rules, setting.spec, all, space.mattering, prepare);
  const [signature = partition.outside] = sign(lane);
  // A pod is prepared for a flow's ends, whoever dials: owners multiply the flows, and not the pods.
  const prepared = new Map<string, PodSpec>();
  const demand = ({ flow }: Pick<Witness, "flow">) => {
    const { from, to, protocol } = flow;
    const ends = [hostOfActor(from.actor), from.address, to.address, to.port, protocol].join(" ");
    const pod = prepared.get(ends) ?? prepare([flow]);
    prepared.set(ends, pod);
    return findExpectation(capture, flow, "answer", setting.addresses, pod);
  };
  const { shape } = setting.spec;
  const describe = (landing: Expectation | null, flow: Flow) => {
    if (landing === null || !isLanding(landing)) return landing === null ? "unspecified" : landing.kind;
    return `${abstractLanding(landing, flow, shape)} ${landing.kind} ${landing.host} ${landing.listener}`;
  };
  const keys = new Map<Diagram, string>();
  const classes = new Map<string, DemandClass>();
  for (const { terminal, witness } of parts) {
    const { flow, assumed } = witness;
    const demanded = demand(witness);
    const treated = locateFlow(signature, flow, assumed, lane, space);
    const landed = lander.land(witness, "answer");
    const key = [treated, describe(demanded, flow), describe(landed, flow), landed.cause].join("\n");
    keys.set(terminal, key);
    const before = classes.get(key);
    // A listener that accepts says more than that nobody listens.
    const isBetter = before === undefined || (before.demanded?.kind !== "listener" && demanded?.kind === "listener");
    const isSuspect = demanded !== null && !meetsExpectation(demanded, landed);
    if (isBetter) classes.set(key, { witness, demanded, isSuspect });
  }
  for (const flow of known.toReversed()) {
    const terminal = locateFlow(fine, flow, new Map(), lane, space);
    const key = terminal === null ? undefined : keys.get(terminal);
    const found = key === undefined ? undefined : classes.get(key);
    if (key === undefined || found === undefined) continue;
    const witness: Witness = { lane, flow, addresses: setting.addresses, assumed: new Map() };
    classes.set(key, { ...found, witness, demanded: demand(witness) });
  }
  return [...classes.values()];
}
