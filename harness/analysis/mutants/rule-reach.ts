import { FAMILIES, type Family } from "../../model/address.ts";
import { FLOW_PROTOCOLS, type Flow, type FlowProtocol, type Manner, PORT_PROTOCOLS } from "../../model/flow.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import { listMatches } from "../../model/rule-parts.ts";
import { type RulePlace, renderPlaceKey, tablePlace } from "../../model/rule-place.ts";
import type { PodRules } from "../../model/ruleset.ts";
import type { CompiledRule } from "../../netfilter/compiled-chain.ts";
import { compilePod, type Simulator } from "../../netfilter/simulator.ts";
import { listSteps } from "../../netfilter/steps.ts";
import { findBreakpoints } from "../diagrams/breakpoints.ts";
import { addedAddresses } from "../flows/exhaustive-search.ts";
import { countWitnesses, listWitnesses, spanFlows } from "../flows/witness-flows.ts";
import { widenPod } from "../pod/wide-pod.ts";

/** A flow in one manner of the stub. */
export interface MannerFlow {
  readonly flow: Flow;
  readonly manner: Manner;
}

/** What is known of rules that nothing has taken yet. A rule that is in neither list could not be told. */
export interface RuleReach {
  /** Rules that some flow takes, with the first that was found to. */
  readonly takers: readonly (MannerFlow & { readonly rule: RulePlace })[];
  /** Rules that no flow takes. */
  readonly unreachable: readonly RulePlace[];
}

/** Flows of one protocol beyond which the search is not begun: seconds of simulation. */
const FLOWS_AT_MOST = 100_000;

/**
 * Searches flows that take some rules: first among `known`, so that a reader meets flows that are familiar, then one flow for each
 * combination of intervals between the rules' breakpoints, with the pod's listeners as they are and with one wherever it is dialled. A
 * rule that none of those takes is `unreachable`: no TCP and no UDP flow that a sandbox can drive takes it, and no echo where `known` has
 * one, for what the simulator knows.
 * Rules that hang on a match that is not understood, or in a family with too many combinations, are in neither list.
 */
export function findReach(
  rules: PodRules,
  places: readonly RulePlace[],
  known: readonly MannerFlow[],
  spec: PodSpec,
  addresses: SandboxAddresses,
): RuleReach {
  const search = startSearch(places);
  // Echoes are somebody's business where they are driven.
  const protocols = known.some(({ flow }) => flow.protocol === "icmp") ? FLOW_PROTOCOLS : PORT_PROTOCOLS;
  // Peers listen where the known flows go, as they would if a scenario had them.
  const ports = known.map(({ flow }) => flow.to.port);
  const familiar = widenPod(spec, { addresses: [], ports, protocols }, addresses);
  search.tryFlows(compilePod(rules, familiar, addresses), known);
  const unreachable = FAMILIES.flatMap((family) => {
    if (search.pending(family).length === 0) return [];
    return sweepFamily(rules, family, { search, protocols }, spec, addresses) === "complete"
      ? search.pending(family)
      : [];
  });
  return { takers: search.takers, unreachable };
}

/** Tries every class of flows of a family; `incomplete` where there are too many, or some match was not understood. */
function sweepFamily(
  rules: PodRules,
  family: Family,
  { search, protocols }: { readonly search: Search; readonly protocols: readonly FlowProtocol[] },
  spec: PodSpec,
  addresses: SandboxAddresses,
): "complete" | "incomplete" {
  const breakpoints = findBreakpoints([rules]);
  if (breakpoints === null) return "incomplete";
  const space = spanFlows(family, breakpoints, spec, addresses, {
    added: addedAddresses(rules, rules, family),
    protocols,
  });
  if (countWitnesses(space) > FLOWS_AT_MOST) return "incomplete";
  for (const listen of [spec.listen, space.ports]) {
    const ends = { addresses: space.elsewhere, ports: space.ports, protocols };
    const simulator = compilePod(rules, widenPod({ ...spec, listen }, ends, addresses), addresses);
    const flows = listWitnesses(space);
    const known = search.tryFlows(simulator, withManner(flows), family);
    if (known === "something-unknown") return "incomplete";
  }
  return "complete";
}

/** What Envoy would dial next need not be followed: those connections are flows of the space themselves. */
function* withManner(flows: Iterable<Flow>): Generator<MannerFlow> {
  for (const flow of flows) yield { flow, manner: "answer" };
}

type Place = Omit<RulePlace, "rule">;

/**
 * Gives the rules that a flow's packets take, whichever of its ports the kernel chooses and whoever is first, where all that they meet is
 * understood. Much cheaper than to have every step explained.
 */
function listTaken(simulator: Simulator, { flow, manner }: MannerFlow): readonly Place[] | "something-unknown" {
  const taken = new Map<CompiledRule, Place>();
  let isUnderstood = true;
  const landing = simulator.watch(flow, manner, {
    passOver: (_, __, ___, failed) => {
      if (failed?.kind === "unknown") isUnderstood = false;
    },
    take: (_, rule, { family }) => {
      if (taken.has(rule)) return;
      const { table, chain, index } = rule;
      taken.set(rule, { family, ...tablePlace(table), chain, index });
      if (listMatches(rule.rule).some(({ kind }) => kind === "unknown")) isUnderstood = false;
    },
    policy: () => {},
  });
  const depends = landing.kind === "could-not-look" && landing.code === "depends-on-unknown";
  return isUnderstood && !depends ? [...taken.values()] : "something-unknown";
}

interface Search {
  readonly takers: (MannerFlow & { readonly rule: RulePlace })[];
  /** Gives the rules of a family that no flow has been found for, in their order. */
  readonly pending: (family: Family) => readonly RulePlace[];
  /** Simulates flows until every rule (of `family`, if given) has one, and says whether all that they met was understood. */
  readonly tryFlows: (
    simulator: Simulator,
    flows: Iterable<MannerFlow>,
    family?: Family,
  ) => "all-known" | "something-unknown";
}

function startSearch(places: readonly RulePlace[]): Search {
  const pending = new Map(places.map((place) => [renderPlaceKey(place), place]));
  const takers: (MannerFlow & { readonly rule: RulePlace })[] = [];
  const listPending = (family: Family) => [...pending.values()].filter((place) => place.family === family);
  const hasPending = (family: Family | undefined) =>
    family === undefined ? pending.size > 0 : pending.values().some((place) => place.family === family);
  const find = (place: Place, taker: MannerFlow) => {
    const key = renderPlaceKey(place);
    const rule = pending.get(key);
    if (rule && pending.delete(key)) takers.push({ rule, ...taker });
  };
  const tryFlow = (simulator: Simulator, taker: MannerFlow): "all-known" | "something-unknown" => {
    const taken = listTaken(simulator, taker);
    if (taken !== "something-unknown") {
      for (const place of taken) find(place, taker);
      return "all-known";
    }
    const { connections } = simulator.explain(taker.flow, taker.manner, () => "");
    for (const step of listSteps(connections)) if (step.matched === true) find(step, taker);
    return "something-unknown";
  };
  return {
    takers,
    pending: listPending,
    tryFlows: (simulator, flows, family) => {
      let understood: "all-known" | "something-unknown" = "all-known";
      for (const flow of flows) {
        if (!hasPending(family)) break;
        if (tryFlow(simulator, flow) === "something-unknown") understood = "something-unknown";
      }
      return understood;
    },
  };
}
