import type { Family } from "../model/address.ts";
import type { Flow } from "../model/flow.ts";
import type { Landing } from "../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../model/pod.ts";
import { type Chain, familyKey, type PodRules, type Ruleset } from "../model/ruleset.ts";
import { makePod } from "../netfilter/pod.ts";
import { compilePod } from "../netfilter/simulator.ts";
import type { Recorder } from "../netfilter/walk.ts";

/** A flow with its landing. */
export interface LandedFlow {
  readonly flow: Flow;
  readonly landing: Landing;
}

/** Where flows of one family land under a rule set, and which rules and policies their packets meet on the way. */
export interface KnownWays {
  /**
   * Gives the flows that may land elsewhere under other rules: those that meet the first thing that is different, and those whose landing
   * is not known. All flows where the two cannot be held against each other chain by chain.
   */
  readonly listDoubtful: (after: PodRules) => readonly LandedFlow[];
}

/** A rule, counted from 1, or a policy: what a packet meets. */
interface Place {
  readonly table: string;
  readonly chain: string;
  readonly at: number | "policy";
}

/** Simulates flows of one family under a rule set, and keeps what they meet. */
export function learnWays(
  before: PodRules,
  family: Family,
  flows: readonly Flow[],
  spec: PodSpec,
  addresses: SandboxAddresses,
): KnownWays {
  const simulator = compilePod(before, spec, addresses);
  const meetings = startMeetings(flows.length);
  const landed = flows.map(
    (flow, i): LandedFlow => ({ flow, landing: simulator.watch(flow, "answer", meetings.recorderOf(i)) }),
  );
  const shape = describeShape(before, family, spec, addresses);
  return {
    listDoubtful: (after) => {
      const places =
        describeShape(after, family, spec, addresses) === shape ? listChanges(before, after, family) : null;
      if (places === null) return landed;
      const met = places.map((place) => meetings.at(place));
      return landed.filter(({ landing }, i) => landing.kind === "could-not-look" || met.some((who) => who?.[i] === 1));
    },
  };
}

/** Who has met what: one byte for each flow, by place. */
function startMeetings(flows: number) {
  const met = new Map<string, Uint8Array>();
  const byObject = new Map<object, Uint8Array>();
  const note = (what: object, place: () => Place, flow: number) => {
    let who = byObject.get(what);
    if (!who) {
      who = new Uint8Array(flows);
      byObject.set(what, who);
      met.set(renderPlace(place()), who);
    }
    who[flow] = 1;
  };
  const recorderOf = (flow: number): Recorder => ({
    passOver: (_, rule) => note(rule, () => ({ ...rule, at: rule.index }), flow),
    take: (_, rule) => note(rule, () => ({ ...rule, at: rule.index }), flow),
    policy: (_, chain) => note(chain, () => ({ table: chain.table, chain: chain.name, at: "policy" }), flow),
  });
  return { recorderOf, at: (place: Place) => met.get(renderPlace(place)) };
}

function renderPlace({ table, chain, at }: Place): string {
  return `${table} ${chain} ${at}`;
}

/** Gives what holds for all packets alike: whether connections are tracked, which packets and which base chains there are to be met. */
function describeShape(rules: PodRules, family: Family, spec: PodSpec, addresses: SandboxAddresses): string {
  const { shows, conntrack, chains } = makePod(rules, spec, addresses);
  const there = Object.values(chains[family]).flat();
  return [shows[family], conntrack[family], ...there.map(({ chain }) => `${chain.table} ${chain.name}`)].join();
}

/**
 * Gives the first place of each chain at which two rule sets are different, or null where they have other chains or policy routing. Rules
 * are met in their order, so that a flow which does not come to the first different one goes the same way under both.
 */
function listChanges(before: PodRules, after: PodRules, family: Family): readonly Place[] | null {
  const [was, is] = [before[familyKey(family)], after[familyKey(family)]];
  if (was === null || is === null || before.policyRouting !== after.policyRouting) return null;
  const [old, changed] = [listChains(was), listChains(is)];
  if (old.length !== changed.length) return null;
  const places: Place[] = [];
  for (const [i, one] of old.entries()) {
    const other = changed[i];
    if (!other || other.table !== one.table || other.chain.name !== one.chain.name) return null;
    if (other.chain === one.chain) continue;
    const found = findChange(one.chain, other.chain);
    if (found === null) return null;
    places.push(...found.map((at) => ({ table: one.table, chain: one.chain.name, at })));
  }
  return places;
}

/** What stands behind a chain's last rule is met by whoever meets that one. */
function findChange(one: Chain, other: Chain): readonly Place["at"][] | null {
  const policy = one.base?.policy === other.base?.policy ? [] : (["policy"] as const);
  const length = Math.max(one.rules.length, other.rules.length);
  const first = Array.from({ length }, (_, i) => one.rules[i] === other.rules[i]).indexOf(false);
  if (first < 0) return policy;
  return one.rules.length === 0 ? null : [...policy, Math.min(first + 1, one.rules.length)];
}

function listChains({ tables }: Ruleset) {
  return tables.flatMap(({ name, chains }) => chains.map((chain) => ({ table: name, chain })));
}
