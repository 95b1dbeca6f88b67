import { firstConnection } from "../../contract/first-connection.ts";
import { listDeviations, type MetDeviation } from "../../contract/strict-contract.ts";
import type { Capture } from "../../model/capture.ts";
import type { GivenSetting } from "../../model/contract.ts";
import { FLOW_PROTOCOLS, type Flow, type FlowProtocol, type Manner } from "../../model/flow.ts";
import { joinCuts } from "../../model/flow-set.ts";
import type { Landing } from "../../model/landing.ts";
import { withLinks } from "../../model/pod.ts";
import type { RulePlace } from "../../model/rule-place.ts";
import { listFamilies, type PodRules } from "../../model/ruleset.ts";
import { type ClassifiedLane, classifyFlows } from "../flows/flow-classes.ts";
import type { AnalysisSetting } from "../flows/partition.ts";
import { abstractLanding } from "../pod/abstract-landing.ts";
import { widenPod } from "../pod/wide-pod.ts";
import { listProperties, type Property, type PropertyVerdict } from "./properties.ts";

/** A flow with where it lands. */
export interface LandedFlow {
  readonly flow: Flow;
  /** How the stub treats it: a loop shows only where the stub dials on. */
  readonly manner: Manner;
  readonly landing: Landing;
  /** By text of each match that is not understood and that the landing hangs on: what it is taken to answer. */
  readonly assumed: ReadonlyMap<string, "holds" | "fails">;
  /** Gives the rules that lead there, in the order in which packets meet them. */
  readonly listRules: () => readonly RulePlace[];
}

/** What was proven of one property over all flows. */
export interface PropertyResult extends Pick<Property, "name" | "says"> {
  /** The protocols of the flows that it was proven over. */
  readonly protocols: readonly FlowProtocol[];
  /** Whether no class breaches it, and some class was judged by every setting that it is about. */
  readonly holds: boolean;
  /** Classes of flows that it was judged by, its designed exceptions among them; 0: it concerns no flow. */
  readonly classes: number;
  /** Settings that are given and that no class was judged by, as they are written. With `within`, none: only a part was asked about. */
  readonly unjudged: readonly string[];
  /** Where the mesh's tool and its documents differ, with the flows that show it; it was judged by what the tool does. */
  readonly deviations: readonly MetDeviation[];
  /** Designed exceptions, one flow for each way of landing. */
  readonly exceptions: readonly (LandedFlow & { readonly reason: string })[];
  /** One flow that breaches it; null where none does. With the landing `could-not-look` it is not known to be one. */
  readonly counterexample: LandedFlow | null;
}

/**
 * Proves properties of the rules over all flows of the families that have rules, those of the contract unless others are named: of every
 * class of flows that the rules, the contract and the sandbox tell apart one is judged. A property is proven over the protocols that it
 * speaks of. Throws `budget-exceeded` rather than prove a part. Results have the order of the properties. A setting that no flow is
 * judged by makes its property fail, with `unjudged`: rules that are never asked about it would satisfy it whatever they do.
 *
 * @example
 * proveProperties(rules, capture, { spec, addresses: DEFAULT_ADDRESSES, passThrough: "absent" })[0]
 * // { name: "no-loop", protocols: ["tcp"], holds: true, classes: 3080, unjudged: [], deviations: [], exceptions: [], … }
 */
export function proveProperties(
  rules: PodRules,
  capture: Capture,
  setting: AnalysisSetting,
  properties: readonly Property[] = listProperties(capture.contractFor(setting.addresses)),
): readonly PropertyResult[] {
  const contract = capture.contractFor(setting.addresses);
  const asked = { ...setting, protocols: listProtocols(properties, capture, setting) };
  const lanes = listFamilies(rules).flatMap((family) =>
    classifyFlows(rules, family, {
      ...asked,
      chosenPorts: setting.within ? "there" : "absent",
      cuts: joinCuts([contract.splitPoints(family), ...properties.flatMap(({ cuts }) => cuts?.(family) ?? [])]),
    }),
  );
  const judged = lanes.flatMap((lane) => judgeLane(lane, capture, setting, properties));
  return properties.map((property) => {
    const { name, says, settings, examples } = property;
    const own = judged
      .filter((verdict) => verdict.name === name)
      .toSorted(examples === "proxies" ? byActor(setting) : () => 0);
    const counterexample = chooseCounterexample(own.filter(({ outcome }) => outcome === "fails"));
    const exceptions = own.flatMap(({ landed, outcome }) =>
      typeof outcome === "object" ? [{ ...landed, reason: outcome.exception }] : [],
    );
    const flows = own.filter(({ outcome }) => outcome !== "not-concerned").map(({ landed }) => landed.flow);
    const given = setting.within ? [] : (settings ?? []);
    const unjudged = findUnjudged(given, flows, setting);
    return {
      name,
      ...(says === undefined ? {} : { says }),
      protocols: listProtocols([property], capture, setting),
      holds: counterexample === null && unjudged.length === 0,
      classes: flows.length,
      unjudged,
      deviations: listDeviations(flows, capture, setting.addresses),
      exceptions: uniqueBy(
        exceptions,
        ({ reason, landing, flow }) => `${reason} ${flow.family} ${abstractLanding(landing, flow, setting.spec.shape)}`,
      ),
      counterexample,
    };
  });
}

/** Gives the protocols of the flows that some properties speak of and that are asked about, TCP first. */
export function listProtocols(
  properties: readonly Property[],
  capture: Capture,
  { addresses, within }: Pick<AnalysisSetting, "addresses" | "within">,
): readonly FlowProtocol[] {
  const { protocols: own } = capture.contractFor(addresses);
  const spoken = new Set(properties.flatMap(({ protocols }) => protocols ?? own));
  return FLOW_PROTOCOLS.filter(
    (protocol) => spoken.has(protocol) && (within?.protocols ?? [protocol]).includes(protocol),
  );
}

/** What is said of a family whose rules nobody has given is not judged, either. */
function findUnjudged(
  settings: readonly GivenSetting[],
  flows: readonly Flow[],
  { spec: { shape } }: AnalysisSetting,
): readonly string[] {
  const connections = settings.length === 0 ? [] : flows.map((flow) => firstConnection(flow, shape));
  return settings.filter(({ holds }) => !connections.some(holds)).map(({ text }) => text);
}

interface JudgedClass {
  readonly name: string;
  readonly outcome: PropertyVerdict;
  readonly landed: LandedFlow;
}

/** The proxy itself is the plainest example of what concerns it. */
function byActor({ spec: { shape } }: AnalysisSetting) {
  const isProxy = ({ landed: { flow } }: JudgedClass) => shape.proxies.some(({ name }) => name === flow.from.actor);
  return (a: JudgedClass, b: JudgedClass): number => Number(isProxy(b)) - Number(isProxy(a));
}

/**
 * One that is known and hangs on nothing, or else one that is known, or else one that may be; a socket whose port the kernel chooses is the
 * plainest.
 */
function chooseCounterexample(breaches: readonly JudgedClass[]): LandedFlow | null {
  const all = breaches.map((breach) => breach.landed);
  const landed = [
    ...all.filter(({ flow }) => flow.from.port === undefined),
    ...all.filter(({ flow }) => flow.from.port !== undefined),
  ];
  const known = landed.filter(({ landing }) => landing.kind !== "could-not-look");
  return known.find(({ assumed }) => assumed.size === 0) ?? known[0] ?? landed[0] ?? null;
}

/** Of items with the same key the first stays. */
function uniqueBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map(items.toReversed().map((item) => [keyOf(item), item])).values()].toReversed();
}

function judgeLane(
  lane: ClassifiedLane,
  capture: Capture,
  setting: AnalysisSetting,
  properties: readonly Property[],
): readonly JudgedClass[] {
  return lane.classes.flatMap((flowClass) => {
    const { flow, addresses, assumed } = flowClass.witness;
    // What is dialled has somebody who listens there, whoever has the address: the rules alone decide.
    const own = lane.lane.link === null ? setting.spec : withLinks(setting.spec, [lane.lane.link]);
    const { udp: _, ...peers } = { ...own, upstreamPorts: [], clientPorts: [] };
    const contract = capture.contractFor(addresses);
    const ends = { addresses: [flow.to.address], ports: [flow.to.port], protocols: [flow.protocol] };
    const spec = widenPod(peers, ends, addresses);
    const answer = lane.land(flowClass, "answer");
    const isRejected = answer.kind === "refused" && lane.explain(flowClass, "answer").isRejected;
    const landings = { answer, forward: lane.land(flowClass, "forward"), isRejected };
    const demand = contract.demand(firstConnection(flow, spec.shape));
    const context = { contract, demand, spec, addresses };
    return properties.map(({ name, judge, manner: asked, protocols = contract.protocols }) => {
      const isSpoken = protocols.includes(flow.protocol);
      const outcome = isSpoken ? judge(flow, landings, context) : "not-concerned";
      const manner = asked ?? showingManner(landings.forward);
      return {
        name,
        outcome,
        landed: {
          flow,
          manner,
          landing: landings[manner],
          assumed,
          listRules: () => lane.explain(flowClass, manner).rules,
        },
      };
    });
  });
}

/** A loop shows only where the stub dials on. */
function showingManner(forward: Landing): Manner {
  return forward.kind === "loop" || forward.kind === "could-not-look" ? "forward" : "answer";
}
