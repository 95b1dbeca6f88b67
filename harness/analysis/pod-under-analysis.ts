import { renderIptablesSave } from "../formats/iptables-save.ts";
import { renderRule } from "../formats/rule-text.ts";
import { renderAddress } from "../model/address.ts";
import type { Manner } from "../model/flow.ts";
import type { Landing } from "../model/landing.ts";
import type { Match } from "../model/match.ts";
import { addressOwner, isLoopback, type PodSpec, type SandboxAddresses } from "../model/pod.ts";
import {
  NO_POLICY_ROUTING,
  type PodRules,
  type PolicyRouting,
  type Rule,
  type RulePlace,
  type Ruleset,
} from "../model/ruleset.ts";
import { compilePod, type Simulator } from "../netfilter/simulator.ts";
import type { Rewrites } from "./packet-views.ts";
import type { Witness } from "./witness.ts";

/** A landing with the rules that led there, each once, in the order in which packets met them. */
export interface ExplainedLanding {
  readonly landing: Landing;
  readonly rules: readonly RulePlace[];
}

/** Lands witnesses under one rule set, by the simulator: the diagrams say which flows are alike, it says where they land. */
export interface Lander {
  land(witness: Witness, manner: Manner): Landing;
  explain(witness: Witness, manner: Manner): ExplainedLanding;
}

/**
 * Opens a lander for some witnesses, all of which it must be given at once: `upstream` owns what they dial, and listens there.
 * A rule whose unknown match is assumed to fail is taken out, an unknown match that is assumed to hold is taken away.
 */
export function openLander(
  rules: PodRules,
  spec: PodSpec,
  witnesses: readonly Witness[],
  { destinations }: Pick<Rewrites, "destinations">,
): Lander {
  const wide = widenSpec(spec, witnesses, destinations);
  const simulators = new Map<string, Simulator>();
  const find = ({ assumed, addresses, lane }: Witness): Simulator => {
    const key = JSON.stringify([[...assumed], addresses, lane.link]);
    const known = simulators.get(key);
    if (known) return known;
    const linked = lane.link === null ? wide : { ...wide, kubevirtInterfaces: [lane.link] };
    const made = compilePod(assumed.size === 0 ? rules : assumeMatches(rules, assumed), linked, addresses);
    simulators.set(key, made);
    return made;
  };
  return {
    land: (witness, manner) => find(witness).land(witness.flow, manner),
    explain: (witness, manner) => {
      const { family } = witness.flow;
      const { landing, connections } = find(witness).explain(witness.flow, manner, (chain, rule) =>
        renderRule(chain, rule, family),
      );
      const steps = connections.flatMap((connection) => connection.packets.flatMap((packet) => packet.steps));
      const matched = steps.filter((step) => step.matched === true && step.verdict !== "continue");
      const places = matched.map(({ table, chain, index, rule }): RulePlace => ({ family, table, chain, index, rule }));
      return {
        landing,
        rules: [...new Map(places.map((place) => [`${place.table} ${place.chain} ${place.index}`, place])).values()],
      };
    },
  };
}

/** Peers listen on every port a flow may reach them at; whatever a rule sends a flow to, and no other host has, is upstream's as well. */
function widenSpec(spec: PodSpec, witnesses: readonly Witness[], rewritten: Rewrites["destinations"]): PodSpec {
  const [example] = witnesses;
  if (!example) return spec;
  const { flow, addresses } = example;
  const fixed = rewritten.map(({ address }) => address).filter((address) => typeof address === "bigint");
  const reached = [
    ...witnesses.map((witness) => witness.flow.to.address),
    ...fixed.map((address) => renderAddress(flow.family, address)),
  ];
  const own: readonly string[] = Object.values(addresses.upstream);
  const strangers = reached.filter((address) => ownerOf(address, addresses) === "upstream" && !own.includes(address));
  const rewrittenPorts = rewritten.map(({ port }) => port).filter((port) => typeof port === "number");
  const ports = unique([...witnesses.map((witness) => witness.flow.to.port), ...rewrittenPorts]);
  return { ...spec, upstreamPorts: ports, clientPorts: ports, upstreamAddresses: unique(strangers) };
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}

function ownerOf(address: string, addresses: SandboxAddresses): string {
  return isLoopback(address) ? "pod" : addressOwner(address, addresses);
}

function assumeMatches(rules: PodRules, assumed: Witness["assumed"]): PodRules {
  return { ...rules, ip: assumeInRuleset(rules.ip, assumed), ip6: assumeInRuleset(rules.ip6, assumed) };
}

/** A rule that is assumed away stays as one that never matches, so that the others keep their numbers. */
function assumeInRuleset(ruleset: Ruleset | null, assumed: Witness["assumed"]): Ruleset | null {
  if (ruleset === null) return null;
  const answer = (match: Match) => (match.kind === "unknown" ? assumed.get(match.text) : undefined);
  const edit = (rule: Rule): Rule =>
    rule.matches.some((match) => answer(match) === "fails")
      ? { ...rule, matches: [NEVER] }
      : { ...rule, matches: rule.matches.filter((match) => answer(match) !== "holds") };
  const tables = ruleset.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: chain.rules.map(edit) })),
  }));
  return { ...ruleset, tables };
}

/** Holds for no packet: `! -p all` cannot be written, a mark outside its own mask can. */
const NEVER: Match = { kind: "mark", negated: false, value: 1, mask: 0 };

/**
 * Gives the policy routing that a rule set's marks ask for, as Istio installs it: a file of rules says nothing of it, so what TPROXY
 * and the marks beside it need is taken as installed.
 */
export function impliedRouting(ruleset: Ruleset | null): PolicyRouting {
  const targets =
    ruleset?.tables.flatMap((table) => table.chains.flatMap((chain) => chain.rules.map((rule) => rule.target))) ?? [];
  const marks = new Set(
    targets.flatMap((target) => (target?.kind === "tproxy" && target.mark.mask !== 0 ? [target.mark.value] : [])),
  );
  const addresses = ruleset?.family === 6 && namesPassThrough(ruleset) ? ["::6/128 dev lo"] : [];
  const rules = [...marks].map((mark) => `fwmark 0x${mark.toString(16)} lookup 133`);
  if (marks.size + addresses.length === 0) return NO_POLICY_ROUTING;
  return { rules, routes: marks.size === 0 ? [] : ["local default dev lo table 133"], addresses };
}

/** Rules about ::6 are made where the pod has that address. */
function namesPassThrough(ruleset: Ruleset): boolean {
  return renderIptablesSave(ruleset).includes("-s ::6/128");
}

/** Gives the mode the stub's listeners need: TPROXY's are transparent. */
export function impliedMode(rulesets: readonly (Ruleset | null)[]): PodSpec["interceptionMode"] {
  const text = (ruleset: Ruleset | null) =>
    ruleset?.tables.some((table) =>
      table.chains.some((chain) => chain.rules.some((rule) => rule.target?.kind === "tproxy")),
    );
  return rulesets.some(text) ? "TPROXY" : "REDIRECT";
}
