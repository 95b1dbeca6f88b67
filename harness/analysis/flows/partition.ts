import { LandfallError } from "../../errors.ts";
import type { Family } from "../../model/address.ts";
import { codedFinding } from "../../model/finding.ts";
import { FLOW_PROTOCOLS, type FlowProtocol } from "../../model/flow.ts";
import { type FlowSet, isAnyMark, joinCuts } from "../../model/flow-set.ts";
import { MAX_PORT, type PodSpec, type SandboxAddresses, vmGateway, vmLinks, withLinks } from "../../model/pod.ts";
import { findPeerMark } from "../../model/pod-shape.ts";
import type { PolicyRouting } from "../../model/policy-routing.ts";
import { listDistinctMatches } from "../../model/rule-parts.ts";
import { emptyRuleset, familyKey, type PodRules, type Ruleset } from "../../model/ruleset.ts";
import type { SplitPoints } from "../../model/split-points.ts";
import { networkRanges } from "../../model/value-ranges.ts";
import { listCompareRanges } from "../diagrams/compare-traits.ts";
import type { Diagram } from "../diagrams/diagrams.ts";
import { listRanges, questionOf } from "../diagrams/match-traits.ts";
import { findRewrites, type Rewrites } from "../diagrams/packet-views.ts";
import { openPreparer } from "../diagrams/prepared-rules.ts";
import { openJoiner, openSigner } from "../diagrams/signature.ts";
import { groundValues, makeGround, openSentGround } from "../pod/ground.ts";
import { type FlowSpace, openFlowSpace } from "./flow-space.ts";
import { findFurtherLinks } from "./further-links.ts";
import type { Lane } from "./lane.ts";
import { openLaneSigner } from "./lane-signer.ts";
import { listLanes, switchProtocol } from "./lanes.ts";
import { narrowLanes } from "./narrow-lanes.ts";
import { type Distinctions, openDivision, openRestriction, type Restriction } from "./restriction.ts";
import { shareRules } from "./shared-rules.ts";
import { type SocketSetting, varySockets } from "./socket-lanes.ts";
import { tellApart } from "./told-apart.ts";

/**
 * What an analysis looks at beside the rules.
 *
 * @example
 * { spec: { ...makePodSpec(capture, [], [], DEFAULT_ADDRESSES), upstreamPorts: [80] }, addresses: DEFAULT_ADDRESSES,
 *   passThrough: "absent" }
 */
export interface AnalysisSetting extends SocketSetting {
  readonly spec: PodSpec;
  readonly addresses: SandboxAddresses;
  /** Values at which flows are to be told apart beyond what the rules do, such as those a property names. */
  readonly cuts?: SplitPoints;
  /** Whether `::6` is one of the pod's addresses. */
  readonly passThrough: "there" | "absent";
  /** Interfaces of the pod behind each of which a `vm` stands; those that the spec or the rules name, where it is not given. */
  readonly links?: readonly string[];
  /** The flows that are asked about, where these are not all of the protocols in question; it names its own protocols. */
  readonly within?: FlowSet;
  /** The protocols of the flows in question, where `within` does not say it; TCP alone if left out. */
  readonly protocols?: readonly FlowProtocol[];
  /** Diagram nodes that may be made. */
  readonly budget?: number;
}

/** The flows of one family, told apart by what some rule sets do with them. */
export interface Partition extends Distinctions, Restriction {
  readonly space: FlowSpace;
  readonly lanes: readonly Lane[];
  /** What some rule makes of a flow's ends. */
  readonly rewrites: Rewrites;
  /** Gives a lane's flows told apart by all of this; flows of other lanes come to {@link Restriction.outside}. */
  readonly divide: (lane: Lane) => Diagram;
}

const NO_CUTS: SplitPoints = { addresses: [], ports: [], ids: [], marks: [] };

/**
 * Tells the flows of a family apart by what some rule sets do with them, and by the networks that their policy routing names; throws
 * `budget-exceeded` rather than give a part.
 */
export function partitionFlows(family: Family, given: readonly PodRules[], setting: AnalysisSetting): Partition {
  const rulesets = shareRules(given.map((rules) => tellApart(rules[familyKey(family)] ?? emptyRuleset(family))));
  const { addresses, spec } = setting;
  const links = setting.links ?? findLinks(rulesets, spec);
  const gateways = links.length === 0 ? [] : [vmGateway(0, addresses)[family]];
  const rewrites = findRewrites(rulesets, { family, addresses, spec, gateways });
  const lanes = findLanes(family, links, rulesets, setting);
  const marks = groundValues(family, rewrites, setting, gateways);
  const cuts = joinCuts([
    setting.cuts ?? NO_CUTS,
    cutsOfState(rulesets, family),
    ...given.map(({ policyRouting }) => cutsOfRouting(policyRouting, family)),
  ]);
  const all: SplitPoints = {
    addresses: [
      ...marks.destinations,
      ...marks.sentTo.map((value) => [value, value] as const),
      ...marks.sources,
      ...cuts.addresses,
      ...lanes.flatMap(({ sources, destinations }) => [...(sources === "destination" ? [] : sources), ...destinations]),
    ],
    ports: [...marks.ports, ...cuts.ports, ...lanes.flatMap(({ ports }) => ports), [1n, BigInt(MAX_PORT)]],
    ids: [...cuts.ids, ...lanes.flatMap(({ uids, gids }) => [...uids, ...gids])],
    marks: [],
  };
  const space = openFlowSpace(family, rulesets, all, setting.budget);
  const prepare = openPreparer(space);
  const prepared = rulesets.map(prepare);
  const signer = openSigner(prepared, rewrites, space);
  const distinctions: Distinctions = {
    sign: openLaneSigner(signer, rulesets, space),
    tellSent: openSentGround(space, marks, signer.listSent),
    ground: makeGround(space, marks, cuts),
    join: openJoiner(space),
  };
  const restriction = openRestriction(space);
  return {
    space,
    lanes,
    rewrites,
    ...distinctions,
    ...restriction,
    divide: openDivision(space, distinctions, restriction),
  };
}

/** Gives the networks that rules and routes of policy routing name, at which flows may be routed otherwise. */
function cutsOfRouting({ rules, routes }: PolicyRouting, family: Family): SplitPoints {
  const known = [...rules, ...routes].flatMap((one) => (one.kind !== "unknown" && one.family === family ? [one] : []));
  const networks = known.flatMap((one) => [one.to, "from" in one ? one.from : null]);
  return {
    addresses: networks.flatMap((network) => (network ? networkRanges(network) : [])),
    ports: [],
    ids: [],
    marks: [],
  };
}

/** Gives the values that rules compare with what the kernel keeps about a connection, whose ends are those of the flow. */
function cutsOfState(rulesets: readonly Ruleset[], family: Family): SplitPoints {
  const asked = listDistinctMatches(rulesets).flatMap((match) => {
    if (match.kind === "compare") return listCompareRanges(match, family, ({ field }) => field === null);
    return questionOf(match).asks === "state" ? listRanges(match, family) : [];
  });
  const of = (wanted: keyof SplitPoints) => asked.filter(({ axis }) => axis === wanted).flatMap(({ ranges }) => ranges);
  return { addresses: of("addresses"), ports: of("ports"), ids: of("ids"), marks: [] };
}

function findLanes(
  family: Family,
  links: readonly string[],
  rulesets: readonly Ruleset[],
  setting: AnalysisSetting,
): readonly Lane[] {
  const { addresses, passThrough, within, spec, cuts, protocols = ["tcp"] } = setting;
  const demanded = [...(cuts?.marks ?? []), ...(!within || isAnyMark(within.marks) ? [] : within.marks)];
  const vm = vmLinks(spec).length > 0 ? "there" : "absent";
  const borrowed = findPeerMark(spec.shape) === null ? "absent" : "there";
  const byTcp = listLanes(family, { addresses, links, vm, borrowed, passThrough });
  const byProtocol = FLOW_PROTOCOLS.filter((protocol) => (within?.protocols ?? protocols).includes(protocol)).flatMap(
    (protocol) => switchProtocol(byTcp, protocol),
  );
  const lanes = varySockets(byProtocol, rulesets, setting, demanded);
  if (!within) return lanes;
  const narrowed = within.family === family ? narrowLanes(lanes, within) : [];
  if (within.family === family && narrowed.length === 0) throw noFlow(within);
  return narrowed;
}

/** An answer about no flow would be right whatever the rules. */
function noFlow({ text }: FlowSet): LandfallError {
  const message = "None of these flows can reach a pod's rules; name flows that start in the pod or go to it.";
  return new LandfallError("bad-input", "The given flows cannot be analysed.", {
    findings: [codedFinding("nothing-asked", text, message)],
  });
}

/** Interfaces that rules or the sandbox set apart from the pod's own: something stands behind each. */
function findLinks(rulesets: readonly Ruleset[], spec: PodSpec): readonly string[] {
  return [...new Set(vmLinks(withLinks(spec, [...spec.shape.links, ...findFurtherLinks(rulesets, spec)])))];
}
