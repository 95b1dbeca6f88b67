import type { Family } from "../../model/address.ts";
import type { Manner } from "../../model/flow.ts";
import { type Landing, renderLandingKey } from "../../model/landing.ts";
import { type HostName, isLoopback, type PodSpec, type SandboxAddresses, withLinks } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import { listMatches } from "../../model/rule-parts.ts";
import type { RulePlace } from "../../model/rule-place.ts";
import { listRules, type PodRules, type Ruleset } from "../../model/ruleset.ts";
import type { TraceStep } from "../../model/trace.ts";
import { findOwners } from "../../netfilter/address-book.ts";
import type { RenderRule } from "../../netfilter/recording.ts";
import { type ConnectionTrace, compilePod, type Simulator } from "../../netfilter/simulator.ts";
import { findDecidingPlace, findDecidingStep, listPlaces, listSteps } from "../../netfilter/steps.ts";
import { type Mattering, readsChanged } from "../diagrams/target-effects.ts";
import type { Lane } from "../flows/lane.ts";
import { originalChain, tellApart } from "../flows/told-apart.ts";
import type { Witness } from "../flows/witness.ts";
import { abstractLanding } from "./abstract-landing.ts";
import { keepQuotes } from "./kept-quotes.ts";
import type { PreparePod } from "./wide-pod.ts";

/** A landing with the rules that led there, each once, in the order in which packets met them. */
export interface ExplainedLanding {
  readonly landing: Landing;
  /** Its kind, as {@link Lander.kindOf} gives it. */
  readonly kind: string;
  readonly rules: readonly RulePlace[];
  /**
   * The last of them that dropped, refused or translated a packet, or else the last that let one go; with index 0 the policy of a chain
   * that dropped one; null: nothing did either.
   */
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
  /** Says whether somebody may accept what flows of a lane dial at an address: a host that has it, or the pod by routes of its own. */
  isOwned(address: string, lane: Lane): boolean;
}

/**
 * Opens a lander for some witnesses, all of which it must be given at once: the pod is prepared for them. `prepare` is what
 * `openPreparation` gives for these rules and this pod; the landers of all lanes have one.
 * An unknown match answers as the witness assumes. On others no class depends, unless they may read what a rule changes (`mattering`):
 * where there are too many ways to answer them to walk them all, none is taken to hold, and all are, and the landing must be one. Where
 * one of them may read what a rule changes, the landing is not known then.
 */
export function openLander(
  rules: PodRules,
  spec: PodSpec,
  witnesses: readonly Witness[],
  mattering: Mattering,
  prepare: PreparePod,
): Lander {
  const [example] = witnesses;
  const wide = prepare(witnesses.map(({ flow }) => flow));
  const texts = listUnknown(rules);
  const isAnyReading = texts.some((text) => readsChanged(text, mattering));
  const told = texts.length === 0 ? rules : tellRulesApart(rules);
  const specOf = (link: string | null) => (link === null ? wide : withLinks(wide, [link]));
  const owners = new Map<string | null, ReadonlyMap<string, HostName>>();
  const simulators = new Map<SandboxAddresses, Map<string | null, Simulator>>();
  const open = ({ addresses, lane: { link } }: Witness): Simulator => {
    const own = simulators.get(addresses) ?? new Map<string | null, Simulator>();
    simulators.set(addresses, own);
    const made = own.get(link) ?? compilePod(told, specOf(link), addresses);
    own.set(link, made);
    return made;
  };
  const make = (witness: Witness): Simulator =>
    witness.assumed.size === 0 ? open(witness) : open(witness).assuming(witness.assumed);
  // A command asks for the same witness's landing several times: for its kind, its row, its rules.
  const landed = new WeakMap<Witness, Landing>();
  const explained = new WeakMap<Witness, ExplainedLanding>();
  const quotes = { 4: keepQuotes(4), 6: keepQuotes(6) } as const satisfies Record<Family, RenderRule>;
  /** Gives the simulator that says where a witness lands whose landing is not known to the plain one. */
  const choose = (plain: Simulator, witness: Witness, manner: Manner): Simulator => {
    if (texts.length === 0 || isAnyReading || texts.every((text) => witness.assumed.has(text))) return plain;
    // Landings that differ say that something depends on the match; none at all, that too many ways were to be walked.
    if (plain.explain(witness.flow, manner, () => "", "matching rules").possible.length > 0) return plain;
    const [fails, holds] = (["fails", "holds"] as const).map((answer) =>
      make({ ...witness, assumed: new Map([...texts.map((text) => [text, answer] as const), ...witness.assumed]) }),
    );
    const [one, other] = [fails, holds].map((simulator) => simulator?.land(witness.flow, manner));
    const isSame = one && other && one.kind !== "could-not-look" && renderLandingKey(one) === renderLandingKey(other);
    return isSame && fails ? fails : plain;
  };
  const lander: Lander = {
    land: (witness, manner) => {
      const known = manner === "answer" ? landed.get(witness) : undefined;
      if (known) return known;
      const plain = make(witness);
      const first = plain.land(witness.flow, manner);
      const chosen = first.kind === "could-not-look" ? choose(plain, witness, manner) : plain;
      const landing = chosen === plain ? first : chosen.land(witness.flow, manner);
      if (manner === "answer") landed.set(witness, landing);
      return landing;
    },
    isOwned: (address, { link }) => {
      if (isLoopback(address) || !example || rules.policyRouting.routes.length > 0) return true;
      const known = owners.get(link) ?? findOwners(specOf(link), example.addresses, rules.policyRouting);
      owners.set(link, known);
      return known.has(address);
    },
    kindOf: (witness) => {
      const known = explained.get(witness);
      if (known) return known.kind;
      const landing = lander.land(witness, "answer");
      return landing.kind === "refused"
        ? lander.explain(witness, "answer").kind
        : abstractLanding(landing, witness.flow, spec.shape);
    },
    explain: (witness, manner) => {
      const known = manner === "answer" ? explained.get(witness) : undefined;
      if (known) return known;
      const quote = quotes[witness.flow.family];
      const explainBy = (simulator: Simulator) => simulator.explain(witness.flow, manner, quote, "matching rules");
      const plain = make(witness);
      const first = explainBy(plain);
      const chosen = first.landing.kind === "could-not-look" ? choose(plain, witness, manner) : plain;
      const { landing, connections } = chosen === plain ? first : explainBy(chosen);
      const made = explainLanding(landing, connections, witness, spec.shape);
      if (manner === "answer") {
        explained.set(witness, made);
        landed.set(witness, landing);
      }
      return made;
    },
  };
  return lander;
}

function explainLanding(
  landing: Landing,
  connections: readonly ConnectionTrace[],
  { flow }: Witness,
  shape: PodShape,
): ExplainedLanding {
  const steps = listSteps(connections).filter(({ matched, verdict }) => matched === true && verdict !== "continue");
  const last = findDecidingStep(connections);
  const deciding = findDecidingPlace(connections, flow.family);
  const isRejected = last?.verdict === "reject";
  return {
    landing,
    kind: landing.kind === "refused" && isRejected ? "rejected" : abstractLanding(landing, flow, shape),
    // Most who ask want to know the last one alone.
    get rules() {
      return listPlaces(steps.map(nameOriginalChain));
    },
    deciding: deciding && { ...deciding, chain: originalChain(deciding.chain) },
    isRejected,
  };
}

function nameOriginalChain(step: TraceStep): TraceStep {
  return { ...step, chain: originalChain(step.chain) };
}

/** Gives the texts of the matches that are not understood, as {@link tellApart} tells them apart. */
function listUnknown({ ip, ip6 }: PodRules): readonly string[] {
  return [...new Set([ip, ip6].flatMap((ruleset) => (ruleset ? listUnknownOf(ruleset) : [])))];
}

function listUnknownOf(ruleset: Ruleset): readonly string[] {
  const known = UNKNOWN.get(ruleset);
  if (known !== undefined) return known;
  const matches = hasUnknown(ruleset) ? listRules(tellApart(ruleset)).flatMap(listMatches) : [];
  const texts = matches.flatMap((match) => (match.kind === "unknown" ? match.text : []));
  UNKNOWN.set(ruleset, texts);
  return texts;
}

/** Each lane's lander asks about the same rule sets. */
const UNKNOWN = new WeakMap<Ruleset, readonly string[]>();

function hasUnknown(ruleset: Ruleset): boolean {
  return listRules(ruleset).some((rule) => listMatches(rule).some(({ kind }) => kind === "unknown"));
}

/** What nothing is assumed of is a question of its own each time it is asked. */
function tellRulesApart(rules: PodRules): PodRules {
  return { ...rules, ip: rules.ip && tellApart(rules.ip), ip6: rules.ip6 && tellApart(rules.ip6) };
}
