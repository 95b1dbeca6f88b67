import { renderIptablesSave } from "../../formats/iptables-save.ts";
import { type Family, familyOf } from "../../model/address.ts";
import type { Contract } from "../../model/contract.ts";
import { FLOW_PROTOCOLS, type Flow, type FlowProtocol } from "../../model/flow.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import type { Match } from "../../model/match.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import { listMatches } from "../../model/rule-parts.ts";
import { listRules, type PodRules, type Ruleset } from "../../model/ruleset.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import { makePodSpec } from "../pod-spec.ts";
import { type BoundFlow, type BoundScenario, bindScenario, listBoundaryFlows } from "../scenario/bound-scenario.ts";
import { openNamedPorts } from "../scenario/named-ports.ts";
import type { ParsedScenario } from "../scenario/parsed-scenario.ts";
import { testedFamilies } from "../scenario/tested-families.ts";

/** Rules to be broken, and the flows that are to show it. */
export interface MutationSubject extends Pick<BoundScenario, "capture" | "spec" | "flows"> {
  /** The scenarios that bring these rules, by commas. */
  readonly name: string;
  readonly rules: PodRules;
  /** The protocols of the flows among which one is searched that shows a defect. */
  readonly protocols: readonly FlowProtocol[];
  /** Gives the same subject in the addresses of a sandbox: those of `docker` are whatever networks are free. */
  readonly bindTo: (addresses: SandboxAddresses) => MutationSubject;
}

/**
 * Whose flows are to show a defect: the scenarios' alone, or also those that their capture configs are shown by, boundary by boundary,
 * as `verify` with flags drives them.
 */
export type SubjectFlows = "scenarios" | "scenarios-and-configs";

/**
 * Gives the different rule sets of some scenarios, in the order in which they come, each with the flows of all scenarios that bring it, and
 * where asked for those of its capture config. What the scenarios do not say of the latter is what the unbroken rules do: a landing of the
 * simulator, which the kernel has to confirm before anything is broken. Scenarios whose rules a script makes are left out. Throws a
 * RangeError only for a defect of its own.
 */
export function findSubjects(
  scenarios: readonly ParsedScenario[],
  source: SubjectFlows,
  addresses: SandboxAddresses,
): readonly MutationSubject[] {
  const known = scenarios.flatMap((scenario) => {
    const { installation } = scenario;
    return installation.kind === "script"
      ? []
      : [{ scenario, rules: limitRules(installation.rules, scenario.families) }];
  });
  const groups = Map.groupBy(known, ({ scenario, rules }) => describeRules(scenario, rules));
  return [...groups.values()].map(([first, ...others]) => {
    if (!first) throw new RangeError("a group has no member");
    const members = [first.scenario, ...others.map(({ scenario }) => scenario)];
    return makeSubject({ scenarios: members, source, rules: first.rules }, addresses);
  });
}

/** Leaves of some rules those of the families that are asked about, which the others share nothing with. */
function limitRules(rules: PodRules, families: readonly Family[] | undefined): PodRules {
  if (families === undefined) return rules;
  const { ip, ip6, policyRouting } = rules;
  return {
    ip: families.includes(4) ? ip : null,
    ip6: families.includes(6) ? ip6 : null,
    policyRouting: {
      rules: policyRouting.rules.filter(({ family }) => families.includes(family)),
      routes: policyRouting.routes.filter(({ family }) => families.includes(family)),
      addresses: policyRouting.addresses.filter(({ address }) => families.includes(familyOf(address))),
    },
  };
}

/** Tables of nft have hooks and priorities of their own, which the words of iptables do not tell. */
function describeRuleset(ruleset: Ruleset): string {
  const bases = ruleset.tables.flatMap(({ source, family, chains }) =>
    source === "nft" ? [{ family, bases: chains.map(({ name, base }) => ({ name, base })) }] : [],
  );
  return renderIptablesSave(ruleset).replace(/^#.*$/gm, "") + JSON.stringify(bases);
}

/** Rule sets are one and the same if the kernel is given the same, in a pod with the same listeners. */
function describeRules({ capture, listen }: ParsedScenario, { ip, ip6, policyRouting }: PodRules): string {
  const texts = [ip, ip6].map((ruleset) => ruleset && describeRuleset(ruleset));
  return JSON.stringify([texts, policyRouting, capture.mesh, capture.shape, listen]);
}

/** What a subject is made of, whatever the addresses. */
interface SubjectParts {
  readonly scenarios: readonly ParsedScenario[];
  readonly source: SubjectFlows;
  readonly rules: PodRules;
}

function makeSubject(parts: SubjectParts, addresses: SandboxAddresses): MutationSubject {
  const { scenarios, source, rules } = parts;
  const bound = scenarios.map((scenario) => bindScenario(scenario, addresses));
  const [first] = bound;
  const [parsed] = scenarios;
  if (!first || !parsed) throw new RangeError("a subject has no scenario");
  const { capture } = first;
  const said = uniqueFlows(bound.flatMap(({ flows }) => flows));
  const families = testedFamilies(parsed);
  const intended = source === "scenarios" ? [] : listBoundaryFlows(capture, addresses);
  const shown = intended.filter(({ flow }) => families.includes(flow.family));
  const unsaid = shown.filter((flow) => !said.some((other) => keyOf(other) === keyOf(flow)));
  const flows = [...said, ...unsaid].map(({ flow }) => flow);
  const listen = scenarios.flatMap((scenario) => scenario.listen);
  const made = makePodSpec(capture, flows, listen, addresses, [rules]);
  // What somebody has written down may be that a port is closed.
  const isUnwritten = scenarios.every((scenario) => scenario.flows === "boundaries");
  const spec = isUnwritten ? openNamedPorts(made, capture, addresses) : made;
  const simulator = compilePod(rules, spec, addresses);
  const predicted = unsaid
    .map(({ flow, manner }): BoundFlow => ({ flow, manner, expected: simulator.land(flow, manner) }))
    .filter(({ expected }) => expected.kind !== "could-not-look");
  return {
    name: bound.map(({ name }) => name).join(", "),
    capture,
    rules,
    protocols: findProtocols(capture.contractFor(addresses), flows, rules),
    spec,
    flows: [...said, ...predicted],
    bindTo: (others) => makeSubject(parts, others),
  };
}

/** Of UDP nothing need be searched where the contract, the flows and the rules all speak of TCP alone. */
function findProtocols(contract: Contract, flows: readonly Flow[], { ip, ip6 }: PodRules): readonly FlowProtocol[] {
  const named = new Set([...contract.protocols, ...flows.map(({ protocol }) => protocol)]);
  const isForOthers = (match: Match) => match.kind === "compare" || (match.kind === "protocol" && !isTcp(match));
  const asksForOthers = [ip, ip6].flatMap(listRules).some((rule) => listMatches(rule).some(isForOthers));
  return FLOW_PROTOCOLS.filter((protocol) => named.has(protocol) || (asksForOthers && protocol !== "icmp"));
}

function isTcp({ protocol, negated }: Match & { readonly kind: "protocol" }): boolean {
  return !negated && (protocol === "tcp" || protocol === "6");
}

function uniqueFlows(flows: readonly BoundFlow[]): readonly BoundFlow[] {
  return [...new Map(flows.map((flow) => [keyOf(flow), flow])).values()];
}

function keyOf({ flow, manner }: Pick<BoundFlow, "flow" | "manner">): string {
  return `${manner} ${renderFlowText(flow.spec)}`;
}
