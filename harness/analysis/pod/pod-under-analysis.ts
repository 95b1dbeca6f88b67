import { quoteRule } from "../../formats/rule-text.ts";
import type { Family } from "../../model/address.ts";
import type { Manner } from "../../model/flow.ts";
import type { Landing } from "../../model/landing.ts";
import type { Match } from "../../model/match.ts";
import { type PodSpec, withLinks } from "../../model/pod.ts";
import { replaceMatches } from "../../model/rule-parts.ts";
import type { PodRules, Rule, RulePlace, Ruleset } from "../../model/ruleset.ts";
import type { RenderRule } from "../../netfilter/recording.ts";
import { compilePod, type Simulator } from "../../netfilter/simulator.ts";
import { findDecidingStep, listPlaces, listSteps } from "../../netfilter/steps.ts";
import { originalChain, tellApart } from "../flows/told-apart.ts";
import type { Witness } from "../flows/witness.ts";
import { abstractLanding } from "./abstract-landing.ts";
import { preparePod } from "./wide-pod.ts";

/** A landing with the rules that led there, each once, in the order in which packets met them. */
export interface ExplainedLanding {
  readonly landing: Landing;
  readonly rules: readonly RulePlace[];
  /** The last of them that dropped, refused or translated a packet, or else the last that let one go; null: no rule did either. */
  readonly deciding: RulePlace | null;
  /** Whether that rule rejected it: whoever dials cannot tell it from a port at which nobody listens. */
  readonly isRejected: boolean;
}

/** Lands witnesses under one rule set, by the simulator: the diagrams say which flows are alike, it says where they land. */
export interface Lander {
  land(witness: Witness, manner: Manner): Landing;
  explain(witness: Witness, manner: Manner): ExplainedLanding;
  /** Gives the kind of where it lands if it is answered ({@link abstractLanding}); `rejected` where a rule turns it away. */
  kindOf(witness: Witness): string;
}

/**
 * Opens a lander for some witnesses, all of which it must be given at once: the pod is prepared for them (`preparePod`).
 * A rule whose unknown match is assumed to fail is taken out, an unknown match that is assumed to hold is taken away.
 */
export function openLander(rules: PodRules, spec: PodSpec, witnesses: readonly Witness[]): Lander {
  const [example] = witnesses;
  const flows = witnesses.map(({ flow }) => flow);
  const wide = example ? preparePod(spec, { flows, rules: [rules] }, example.addresses) : spec;
  const simulators = new Map<string, Simulator>();
  const make = ({ assumed, addresses, lane }: Witness): Simulator => {
    // Of most witnesses nothing is assumed, and writing down all addresses for each of thousands takes longer than landing it.
    const isPlain = assumed.size === 0 && addresses === example?.addresses;
    const key = isPlain ? (lane.link ?? "") : JSON.stringify([[...assumed], addresses, lane.link]);
    const known = simulators.get(key);
    if (known) return known;
    const linked = lane.link === null ? wide : withLinks(wide, [lane.link]);
    const made = compilePod(assumed.size === 0 ? rules : assumeMatches(rules, assumed), linked, addresses);
    simulators.set(key, made);
    return made;
  };
  const found = new WeakMap<Witness, Simulator>();
  const find = (witness: Witness): Simulator => {
    const own = found.get(witness) ?? make(witness);
    found.set(witness, own);
    return own;
  };
  // A command asks for the same witness's landing several times: for its kind, its row, its rules.
  const landed = new WeakMap<Witness, Landing>();
  const explained = new WeakMap<Witness, ExplainedLanding>();
  const quotes = { 4: keepQuotes(4), 6: keepQuotes(6) } as const satisfies Record<Family, RenderRule>;
  const lander: Lander = {
    land: (witness, manner) => {
      const known = manner === "answer" ? landed.get(witness) : undefined;
      if (known) return known;
      const landing = find(witness).land(witness.flow, manner);
      if (manner === "answer") landed.set(witness, landing);
      return landing;
    },
    kindOf: (witness) => {
      const landing = lander.land(witness, "answer");
      if (landing.kind === "refused" && lander.explain(witness, "answer").isRejected) return "rejected";
      return abstractLanding(landing, witness.flow, spec.shape);
    },
    explain: (witness, manner) => {
      const known = manner === "answer" ? explained.get(witness) : undefined;
      if (known) return known;
      const quote = quotes[witness.flow.family];
      const { landing, connections } = find(witness).explain(witness.flow, manner, quote, "matching rules");
      const deciding = listSteps(connections)
        .filter(({ matched, verdict }) => matched === true && verdict !== "continue")
        .map((step) => ({ ...step, chain: originalChain(step.chain) }));
      const last = findDecidingStep(deciding);
      const made: ExplainedLanding = {
        landing,
        rules: listPlaces(deciding),
        deciding: last ? (listPlaces([last])[0] ?? null) : null,
        isRejected: last?.verdict === "reject",
      };
      if (manner === "answer") explained.set(witness, made);
      return made;
    },
  };
  return lander;
}

/** Quotes each rule once: every flow that is explained meets the same ones. */
function keepQuotes(family: Family): RenderRule {
  const known = new WeakMap<Rule, Map<string, string>>();
  return (chain, rule) => {
    const own = known.get(rule) ?? new Map<string, string>();
    known.set(rule, own);
    const text = own.get(chain) ?? quoteRule(originalChain(chain), rule, family);
    own.set(chain, text);
    return text;
  };
}

function assumeMatches(rules: PodRules, assumed: Witness["assumed"]): PodRules {
  return { ...rules, ip: assumeInRuleset(rules.ip, assumed), ip6: assumeInRuleset(rules.ip6, assumed) };
}

/**
 * A rule that is assumed away stays as one that never matches, so that the others keep their numbers. What nothing is assumed of keeps its
 * text: each time it is asked it is a question of its own.
 */
function assumeInRuleset(ruleset: Ruleset | null, assumed: Witness["assumed"]): Ruleset | null {
  if (ruleset === null) return null;
  const answer = (match: Match) => (match.kind === "unknown" ? assumed.get(match.text) : undefined);
  const edit = (rule: Rule): Rule => {
    const answers = rule.matches.map(answer);
    if (answers.includes("fails")) return { ...rule, matches: [NEVER] };
    const left = { ...rule, matches: rule.matches.filter((_, i) => answers[i] !== "holds") };
    return assumeInStatements(left, answer);
  };
  const told = tellApart(ruleset);
  const tables = told.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: chain.rules.map(edit) })),
  }));
  return { ...told, tables };
}

/** A match between statements keeps its place: what stands before it is done either way. */
function assumeInStatements(rule: Rule, answer: (match: Match) => string | undefined): Rule {
  if (rule.target?.kind !== "statements") return rule;
  const edit = (match: Match): Match => {
    const given = answer(match);
    return given === undefined ? match : given === "fails" ? NEVER : ALWAYS;
  };
  return { ...rule, target: replaceMatches({ matches: [], target: rule.target }, edit).target };
}

const ALWAYS: Match = { kind: "comment", text: "" };
/** Holds for no packet: `! -p all` cannot be written, a mark outside its own mask can. */
const NEVER: Match = { kind: "mark", negated: false, value: 1, mask: 0 };
