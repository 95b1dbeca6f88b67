import { isDeepStrictEqual } from "node:util";
import type { Family } from "../../model/address.ts";
import type { Flow } from "../../model/flow.ts";
import type { Landing } from "../../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import {
  type Chain,
  familyKey,
  type PodRules,
  type Rule,
  type Ruleset,
  type TableIdentity,
  tableKey,
} from "../../model/ruleset.ts";
import { makePod } from "../../netfilter/pod.ts";
import type { Recorder } from "../../netfilter/recorder.ts";
import { compilePod } from "../../netfilter/simulator.ts";

/** A flow with its landing. */
export interface KnownLanding {
  readonly flow: Flow;
  readonly landing: Landing;
}

/** Where flows of one family land under a rule set, and which rules and policies their packets meet on the way. */
export interface KnownWays {
  /**
   * Gives the flows that may land elsewhere under other rules: those that meet the first thing that is different, and those whose landing
   * is not known. Where one rule alone is changed, those are left out that fail a match which it still has in the same place. All flows
   * where the two cannot be held against each other chain by chain.
   */
  readonly listDoubtful: (after: PodRules) => readonly KnownLanding[];
}

/** A rule, counted from 1, or a policy: what a packet meets. */
interface Place {
  readonly table: TableIdentity;
  readonly chain: string;
  readonly at: number | "policy";
  /** How far a packet must come in the rule: {@link MET}, so many matches that hold more, or {@link MATCHED}. */
  readonly least: number;
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
    (flow, i): KnownLanding => ({ flow, landing: simulator.watch(flow, "answer", meetings.recorderOf(i)) }),
  );
  const shape = describeShape(before, family, spec, addresses);
  return {
    listDoubtful: (after) => {
      const places =
        describeShape(after, family, spec, addresses) === shape ? listChanges(before, after, family) : null;
      if (places === null) return landed;
      const met = places.map((place) => meetings.at(place));
      return landed.filter(({ landing }, i) => landing.kind === "could-not-look" || met.some((has) => has(i)));
    },
  };
}

const MET = 1;
const MATCHED = 255;

/** How far each flow has come at what: one byte for each flow, by place. */
function startMeetings(flows: number) {
  const met = new Map<string, Uint8Array>();
  const byObject = new Map<object, Uint8Array>();
  const note = (what: object, place: () => Omit<Place, "least">, flow: number, level: number) => {
    let who = byObject.get(what);
    if (!who) {
      who = new Uint8Array(flows);
      byObject.set(what, who);
      met.set(renderPlace(place()), who);
    }
    who[flow] = Math.max(who[flow] ?? 0, level);
  };
  const recorderOf = (flow: number): Recorder => ({
    passOver: (_, rule, __, failed) => {
      const held = failed === undefined ? 0 : Math.max(rule.matches.indexOf(failed), 0);
      note(rule, () => ({ ...rule, at: rule.index }), flow, Math.min(MET + held, MATCHED));
    },
    take: (_, rule) => note(rule, () => ({ ...rule, at: rule.index }), flow, MATCHED),
    policy: (_, chain) => note(chain, () => ({ table: chain.table, chain: chain.name, at: "policy" }), flow, MET),
  });
  /** Says whether a flow has come so far at a place. */
  const at = (place: Place) => {
    const who = met.get(renderPlace(place));
    return (flow: number) => (who?.[flow] ?? 0) >= place.least;
  };
  return { recorderOf, at };
}

function renderPlace({ table, chain, at }: Omit<Place, "least">): string {
  return `${tableKey(table)} ${chain} ${at}`;
}

/** Gives what holds for all packets alike: whether connections are tracked, which packets and which base chains there are to be met. */
function describeShape(rules: PodRules, family: Family, spec: PodSpec, addresses: SandboxAddresses): string {
  const { shows, conntrack, chains } = makePod(rules, spec, addresses);
  const there = Object.values(chains[family]).flat();
  return [
    shows[family],
    conntrack[family],
    ...there.map(({ chain }) => `${tableKey(chain.table)} ${chain.name}`),
  ].join();
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
    if (!other || tableKey(other.table) !== tableKey(one.table) || other.chain.name !== one.chain.name) return null;
    if (other.chain === one.chain) continue;
    const found = findChange(one.chain, other.chain);
    if (found === null) return null;
    places.push(...found.map((change) => ({ table: one.table, chain: one.chain.name, ...change })));
  }
  return places;
}

/** What stands behind a chain's last rule is met by whoever meets that one. */
function findChange(one: Chain, other: Chain): readonly Pick<Place, "at" | "least">[] | null {
  const policy = one.base?.policy === other.base?.policy ? [] : [{ at: "policy", least: MET } as const];
  const length = Math.max(one.rules.length, other.rules.length);
  const first = Array.from({ length }, (_, i) => one.rules[i] === other.rules[i]).indexOf(false);
  if (first < 0) return policy;
  if (one.rules.length === 0) return null;
  return [...policy, { at: Math.min(first + 1, one.rules.length), least: measureReach(one.rules, other.rules, first) }];
}

/**
 * Gives how far a packet must come in the first rule that is different for it to matter: past the matches that a rule changed by itself
 * keeps at its beginning, and to its target where it is taken out or only that is changed.
 */
function measureReach(one: readonly Rule[], other: readonly Rule[], at: number): number {
  const [was, is] = [one[at], other[at]];
  const isFollowedBy = (rest: readonly Rule[]) =>
    one.length - at - 1 === rest.length && rest.every((rule, i) => rule === one[at + 1 + i]);
  if (was === undefined) return MET;
  if (isFollowedBy(other.slice(at))) return MATCHED;
  if (is === undefined || !isFollowedBy(other.slice(at + 1))) return MET;
  const [old, fresh] = [was, is].map(({ matches }) => matches.filter(({ kind }) => kind !== "comment"));
  const kept = (old ?? []).findIndex((match, i) => !isDeepStrictEqual(match, fresh?.[i]));
  const isSame = kept < 0 && old?.length === fresh?.length;
  return isSame ? MATCHED : Math.min(MET + (kept < 0 ? (old?.length ?? 0) : kept), MATCHED);
}

function listChains({ tables }: Ruleset) {
  return tables.flatMap((table) => table.chains.map((chain) => ({ table, chain })));
}
