import type { CaptureConfig } from "../model/capture-config.ts";
import type { Flow, Manner } from "../model/flow.ts";
import type { Landing } from "../model/landing.ts";
import { listFamilies, type PodRules } from "../model/ruleset.ts";
import { abstractLanding } from "./abstract-landing.ts";
import { cutsOfConfig } from "./config-cuts.ts";
import { type ClassifiedLane, classifyFlows } from "./flow-classes.ts";
import { joinCuts } from "./flow-set.ts";
import type { AnalysisSetting } from "./partition.ts";
import { PROPERTIES, type Property, type PropertyVerdict } from "./properties.ts";
import { widenPod } from "./wide-pod.ts";

/** A flow with where it lands. */
export interface LandedFlow {
  readonly flow: Flow;
  /** How the stub treats it: a loop shows only where the stub dials on. */
  readonly manner: Manner;
  readonly landing: Landing;
  /** By text of each match that is not understood and that the landing hangs on: what it is taken to answer. */
  readonly assumed: ReadonlyMap<string, "holds" | "fails">;
}

/** What was proven of one property over all flows. */
export interface PropertyResult {
  readonly name: string;
  readonly holds: boolean;
  /** Classes of flows that it says something of; 0: it holds of no flow. */
  readonly classes: number;
  /** Designed exceptions, one flow for each way of landing. */
  readonly exceptions: readonly (LandedFlow & { readonly reason: string })[];
  /** One flow that breaches it; null where none does. With the landing `could-not-look` it is not known to be one. */
  readonly counterexample: LandedFlow | null;
}

/**
 * Proves properties of the rules under a capture config over all flows of the families that have rules: of every class of flows that the
 * rules, the config and the sandbox tell apart one is judged. Throws `budget-exceeded` rather than prove a part.
 */
export function proveProperties(
  rules: PodRules,
  config: CaptureConfig,
  setting: AnalysisSetting,
  properties: readonly Property[] = PROPERTIES,
): readonly PropertyResult[] {
  const lanes = listFamilies(rules).flatMap((family) =>
    classifyFlows(rules, family, {
      ...setting,
      cuts: joinCuts([cutsOfConfig(config, family), ...properties.flatMap(({ cuts }) => cuts?.(family) ?? [])]),
    }),
  );
  const judged = lanes.flatMap((lane) => judgeLane(lane, config, setting, properties));
  return properties.map(({ name }) => {
    const own = judged.filter((verdict) => verdict.name === name).toSorted(byActor);
    const counterexample = chooseCounterexample(own.filter(({ outcome }) => outcome === "fails"));
    const exceptions = own.flatMap(({ landed, outcome }) =>
      typeof outcome === "object" ? [{ ...landed, reason: outcome.exception }] : [],
    );
    return {
      name,
      holds: counterexample === null,
      classes: own.filter(({ outcome }) => outcome !== "not-concerned").length,
      exceptions: uniqueBy(
        exceptions,
        ({ reason, landing, flow }) => `${reason} ${flow.family} ${abstractLanding(landing, flow)}`,
      ),
      counterexample,
    };
  });
}

interface JudgedClass {
  readonly name: string;
  readonly outcome: PropertyVerdict;
  readonly landed: LandedFlow;
}

/** The proxy itself is the plainest example of what concerns it. */
function byActor({ landed: a }: JudgedClass, { landed: b }: JudgedClass): number {
  return Number(b.flow.from.actor === "envoy") - Number(a.flow.from.actor === "envoy");
}

/** One that is known and hangs on nothing, or else one that is known, or else one that may be. */
function chooseCounterexample(breaches: readonly JudgedClass[]): LandedFlow | null {
  const landed = breaches.map((breach) => breach.landed);
  const known = landed.filter(({ landing }) => landing.kind !== "could-not-look");
  return known.find(({ assumed }) => assumed.size === 0) ?? known[0] ?? landed[0] ?? null;
}

/** Of items with the same key the first stays. */
function uniqueBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map(items.toReversed().map((item) => [keyOf(item), item])).values()].toReversed();
}

function judgeLane(
  lane: ClassifiedLane,
  config: CaptureConfig,
  setting: AnalysisSetting,
  properties: readonly Property[],
): readonly JudgedClass[] {
  return lane.classes.flatMap((flowClass) => {
    const { flow, addresses, assumed } = flowClass.witness;
    // Whoever owns the address: it is judged like one of upstream's.
    const spec = widenPod(setting.spec, { addresses: [flow.to.address], ports: [flow.to.port] }, addresses);
    const landings = { answer: lane.land(flowClass, "answer"), forward: lane.land(flowClass, "forward") };
    return properties.map(({ name, judge, manner: asked }) => {
      const outcome = judge(flow, landings, { config, spec, addresses });
      const manner = asked ?? showingManner(landings.forward);
      return { name, outcome, landed: { flow, manner, landing: landings[manner], assumed } };
    });
  });
}

/** A loop shows only where the stub dials on. */
function showingManner(forward: Landing): Manner {
  return forward.kind === "loop" || forward.kind === "could-not-look" ? "forward" : "answer";
}
