import { type Family, familyOf } from "../../model/address.ts";
import type { Flow, FlowProtocol } from "../../model/flow.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import type { Landing } from "../../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { compilePod, type Simulator } from "../../netfilter/simulator.ts";
import { findBreakpoints } from "../diagrams/breakpoints.ts";
import { type KnownLanding, type KnownWays, learnWays } from "../pod/known-ways.ts";
import { widenPod } from "../pod/wide-pod.ts";
import { countWitnesses, listWitnesses, spanFlows, type WitnessSpace } from "./witness-flows.ts";

/**
 * What looking at every class of flows has given. `alike`: no flow that a sandbox can drive lands differently. `different`: this one does.
 * `unknown`: it could not be told, and why.
 */
export type SearchResult =
  | { readonly kind: "alike" }
  | (Difference & {
      readonly kind: "different";
      /** Gives the other flows of the space that land differently; they are simulated only when it is called. */
      readonly listOthers: () => readonly Difference[];
    })
  | { readonly kind: "unknown"; readonly why: string };

/** A flow that two rule sets land differently, with its two landings. */
export interface Difference {
  readonly flow: Flow;
  readonly before: Landing;
  readonly after: Landing;
}

/** Flows of one protocol beyond which the search is not begun: seconds of simulation. */
const FLOWS_AT_MOST = 400_000;

/** Searches for a flow of a family that rules land differently than those the search was begun with. */
export type SearchDifference = (after: PodRules, family: Family) => SearchResult;

/**
 * Begins a search over every flow that a sandbox can drive for one that other rules land differently: it simulates one flow of each
 * protocol for each combination of intervals between the rules' breakpoints. Complete for what the simulator knows, plain, and slow where
 * rules are many. What Envoy would dial next need not be followed: those connections are flows of the space themselves.
 *
 * Each flow is simulated once under `before` for all changes that add no breakpoint, and for others that add the same one after another;
 * under `after` it is simulated only where it meets what has changed.
 */
export function startSearch(
  before: PodRules,
  spec: PodSpec,
  addresses: SandboxAddresses,
  protocols: readonly FlowProtocol[] = ["tcp"],
): SearchDifference {
  const kept = new Map<string, KnownWays>();
  /** So that a flow left alone is told from one that is lost. */
  const widen = ({ elsewhere, ports }: WitnessSpace) =>
    widenPod(spec, { addresses: elsewhere, ports, protocols }, addresses);
  const span = (after: PodRules, family: Family) => spanBoth(before, after, family, { spec, addresses, protocols });
  const learn = (space: WitnessSpace): KnownWays => {
    const key = JSON.stringify(space);
    const known = kept.get(key);
    if (known) return known;
    const ways = learnWays(before, space.family, [...listWitnesses(space)], widen(space), addresses);
    // The first of a family is that of the rules themselves, which most changes leave as it is; of the others the last may come again.
    const others = [...kept.keys()].filter((each) => each !== own.get(4) && each !== own.get(6));
    for (const other of others) kept.delete(other);
    kept.set(key, ways);
    return ways;
  };
  const own = new Map<Family, string>();
  return (after, family) => {
    if (!own.has(family)) own.set(family, JSON.stringify(span(before, family)));
    const space = span(after, family);
    if (typeof space === "string") return { kind: "unknown", why: space };
    return findDifference(learn(space).listDoubtful(after), compilePod(after, widen(space), addresses));
  };
}

/** Where flows are searched, and of which protocols. */
interface SearchedPod {
  readonly spec: PodSpec;
  readonly addresses: SandboxAddresses;
  readonly protocols: readonly FlowProtocol[];
}

/** Gives the space of all flows that either of two rule sets tells apart, or why it is not to be searched. */
function spanBoth(
  before: PodRules,
  after: PodRules,
  family: Family,
  { spec, addresses, protocols }: SearchedPod,
): WitnessSpace | string {
  const breakpoints = findBreakpoints([before, after]);
  if (breakpoints === null) return "a network's mask has holes";
  const space = spanFlows(family, breakpoints, spec, addresses, {
    added: addedAddresses(before, after, family),
    protocols,
  });
  const count = countWitnesses(space);
  return count > FLOWS_AT_MOST ? `${count} flows would have to be simulated` : space;
}

function findDifference(flows: readonly KnownLanding[], changed: Simulator): SearchResult {
  let unknown: string | null = null;
  for (const [i, { flow, landing: was }] of flows.entries()) {
    const is = changed.land(flow, "answer");
    if (isUnknown(was) || isUnknown(is)) unknown ??= is.cause ?? was.cause ?? renderFlowText(flow.spec);
    else if (!isAlike(was, is))
      return {
        kind: "different",
        flow,
        before: was,
        after: is,
        listOthers: () => listDifferent(flows.slice(i + 1), changed),
      };
  }
  return unknown === null ? { kind: "alike" } : { kind: "unknown", why: unknown };
}

function listDifferent(flows: readonly KnownLanding[], changed: Simulator): readonly Difference[] {
  return flows
    .map(({ flow, landing: before }) => ({ flow, before, after: changed.land(flow, "answer") }))
    .filter(({ before, after }) => !isUnknown(before) && !isUnknown(after) && !isAlike(before, after));
}

function isUnknown({ kind }: Landing): boolean {
  return kind === "could-not-look";
}

function isAlike(one: Landing, other: Landing): boolean {
  return (
    one.kind === other.kind &&
    one.listener === other.listener &&
    (one.kind !== "listener" || one.address === other.address) &&
    one.port === other.port &&
    one.originalDestination === other.originalDestination &&
    one.source === other.source
  );
}

/** Gives the addresses that both rule sets bring along: what only one has cannot be dialled from under both. */
export function addedAddresses(before: PodRules, after: PodRules, family: Family): readonly string[] {
  const [was, is] = [before, after].map(({ policyRouting }) => policyRouting.addresses.map(({ address }) => address));
  return (was ?? []).filter((address) => is?.includes(address) && familyOf(address) === family);
}
