import { FAMILIES, type Family } from "../../model/address.ts";
import { FLOW_PROTOCOLS, type Flow, type Manner } from "../../model/flow.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import { type PodRules, type RulePlace, renderPlaceKey } from "../../model/ruleset.ts";
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
 * rule that none of those takes is `unreachable`: no TCP and no UDP flow that a sandbox can drive takes it, for what the simulator knows.
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
  // Peers listen where the known flows go, as they would if a scenario had them.
  const ports = known.map(({ flow }) => flow.to.port);
  const familiar = widenPod(spec, { addresses: [], ports, protocols: FLOW_PROTOCOLS }, addresses);
  search.tryFlows(compilePod(rules, familiar, addresses), known);
  const unreachable = FAMILIES.flatMap((family) => {
    if (search.pending(family).length === 0) return [];
    return sweepFamily(rules, family, search, spec, addresses) === "complete" ? search.pending(family) : [];
  });
  return { takers: search.takers, unreachable };
}

/** Tries every class of flows of a family; `incomplete` where there are too many, or some match was not understood. */
function sweepFamily(
  rules: PodRules,
  family: Family,
  search: Search,
  spec: PodSpec,
  addresses: SandboxAddresses,
): "complete" | "incomplete" {
  const breakpoints = findBreakpoints([rules]);
  if (breakpoints === null) return "incomplete";
  const space = spanFlows(family, breakpoints, spec, addresses, {
    added: addedAddresses(rules, rules, family),
    protocols: FLOW_PROTOCOLS,
  });
  if (countWitnesses(space) > FLOWS_AT_MOST) return "incomplete";
  for (const listen of [spec.listen, space.ports]) {
    const ends = { addresses: space.elsewhere, ports: space.ports, protocols: FLOW_PROTOCOLS };
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
  const tryFlow = (simulator: Simulator, { flow, manner }: MannerFlow): "all-known" | "something-unknown" => {
    const { connections, unknown } = simulator.explain(flow, manner, () => "");
    const steps = listSteps(connections);
    for (const step of steps.filter(({ matched }) => matched === true)) {
      const key = renderPlaceKey(step);
      const rule = pending.get(key);
      if (rule && pending.delete(key)) takers.push({ rule, flow, manner });
    }
    return unknown.length > 0 || steps.some(({ matched }) => matched === "unknown") ? "something-unknown" : "all-known";
  };
  return {
    takers,
    pending: listPending,
    tryFlows: (simulator, flows, family) => {
      let understood: "all-known" | "something-unknown" = "all-known";
      for (const flow of flows) {
        if (family === undefined ? pending.size === 0 : listPending(family).length === 0) break;
        if (tryFlow(simulator, flow) === "something-unknown") understood = "something-unknown";
      }
      return understood;
    },
  };
}
