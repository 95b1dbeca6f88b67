import type { Family } from "../../model/address.ts";
import type { Range } from "../../model/match.ts";
import { listDistinctMatches, listRulesetTargets, listTableTargets } from "../../model/rule-parts.ts";
import { listActiveTables, type Ruleset, type Table } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { type HiddenAttribute, targetTraits } from "../../model/target-traits.ts";
import { readsOf } from "../../model/text-match-traits.ts";

/**
 * How a chain goes on after a rule that matches, and whether a later rule or the landing may depend on what the rule does.
 * `final`: no later rule of its table is asked. `act`: it changes something, and the next rule is asked. `next`: it changes nothing that a
 * later rule or the landing depends on, and the next rule is asked.
 */
type Course = "final" | "act" | "next" | "return" | "call";

/** One entry a kind: a kind without one does not compile. */
const COURSES = {
  accept: "final",
  drop: "final",
  return: "return",
  jump: "call",
  goto: "call",
  redirect: "final",
  dnat: "final",
  snat: "final",
  masquerade: "final",
  tproxy: "final",
  mark: "act",
  "connmark-set": "act",
  "connmark-save": "act",
  "connmark-restore": "act",
  notrack: "act",
  track: "act",
  zone: "act",
  log: "next",
  reject: "final",
  // What no host passes on any more does not come where it is dialled.
  "hop-limit": "act",
  // The copy is answered, too.
  tee: "act",
  "side-effect": "next",
  // What is inside them has a course of its own.
  statements: "act",
  map: "act",
  assign: "act",
  "tproxy-socket": "act",
  counter: "next",
  continue: "next",
  // It may be anything: that it is met is noted, and all that follows as well.
  unknown: "act",
} satisfies Record<Target["kind"], Course>;

/** Attributes that some rules change and matches kept as text may read; no others matter. */
export type Mattering = ReadonlySet<HiddenAttribute>;

/** Gives the attributes that matter where some rule sets are looked at together: what one changes another may read. */
export function findMattering(rulesets: readonly Ruleset[]): Mattering {
  const changed = new Set<HiddenAttribute>();
  for (const ruleset of rulesets)
    for (const target of listRulesetTargets(ruleset))
      for (const attribute of targetTraits(target).changes) changed.add(attribute);
  return new Set([...changed].filter((attribute) => mayRead(rulesets, attribute)));
}

function mayRead(rulesets: readonly Ruleset[], attribute: HiddenAttribute): boolean {
  return listDistinctMatches(rulesets).some(
    (match) => match.kind === "unknown" && readsChanged(match.text, new Set([attribute])),
  );
}

/** Says whether a match that is kept as text may read what some rule changes: then packets of one flow may get different answers. */
export function readsChanged(text: string, mattering: Mattering): boolean {
  const reads = readsOf(text);
  return reads === null ? mattering.size > 0 : reads.some((attribute) => mattering.has(attribute));
}

/** Gives how a chain goes on behind a target. */
export function courseOf(target: Target, mattering: Mattering): Course {
  // No target that decides, or calls a chain, changes what is hidden.
  const isRead = targetTraits(target).changes.some((attribute) => mattering.has(attribute));
  return isRead ? "act" : COURSES[target.kind];
}

/** What a target makes of one end of a packet. Null where that part stays; `local`: an address of the pod's own. */
export interface Rewriting {
  readonly side: "source" | "destination";
  readonly addresses: { readonly first: string; readonly last: string } | "local" | null;
  readonly ports: Range | null;
  /** `kept`: a port inside the range stays, and any other of a destination becomes the first; `random`: any may become any. */
  readonly choice: "random" | "kept";
}

type Kind = Target["kind"];
type TargetOf<K extends Kind, T extends Target = Target> = T extends Target ? (K extends T["kind"] ? T : never) : never;
type Rewrites<T extends Target> = (target: T) => Rewriting | null;

const NOTHING = () => null;

/** One entry a kind: a kind without one does not compile. */
const REWRITINGS: { readonly [K in Kind]: Rewrites<TargetOf<K>> } = {
  accept: NOTHING,
  drop: NOTHING,
  return: NOTHING,
  jump: NOTHING,
  goto: NOTHING,
  redirect: ({ ports, random }) => ({
    side: "destination",
    addresses: "local",
    ports,
    choice: random ? "random" : "kept",
  }),
  dnat: ({ addresses, ports, flags }) => ({ side: "destination", addresses, ports, choice: choiceOf(flags) }),
  snat: ({ addresses, ports, flags }) => ({ side: "source", addresses, ports, choice: choiceOf(flags) }),
  masquerade: ({ ports, flags }) => ({ side: "source", addresses: null, ports, choice: choiceOf(flags) }),
  // The packet stays as it is; a listener is given to it.
  tproxy: NOTHING,
  mark: NOTHING,
  "connmark-set": NOTHING,
  "connmark-save": NOTHING,
  "connmark-restore": NOTHING,
  notrack: NOTHING,
  track: NOTHING,
  zone: NOTHING,
  log: NOTHING,
  reject: NOTHING,
  "hop-limit": NOTHING,
  tee: NOTHING,
  "side-effect": NOTHING,
  // What is inside them is listed by itself.
  statements: NOTHING,
  map: NOTHING,
  assign: NOTHING,
  "tproxy-socket": NOTHING,
  counter: NOTHING,
  continue: NOTHING,
  // Where it is met the simulator gives up.
  unknown: NOTHING,
};

function choiceOf(flags: readonly string[]): Rewriting["choice"] {
  return flags.includes("random") || flags.includes("random-fully") ? "random" : "kept";
}

/** Gives what a target makes of a packet's ends; null where it leaves both. */
export function rewritingOf(target: Target | null): Rewriting | null {
  if (target === null) return null;
  return (REWRITINGS[target.kind] as Rewrites<Target>)(target);
}

/** A target that makes something of one end of a packet, and what. */
interface Rewriter {
  readonly target: Target;
  readonly rewriting: Rewriting;
}

/** The rewriting targets of tables: they are asked for once for each lane and each side of a comparison. */
const REWRITERS = new WeakMap<Table, readonly Rewriter[]>();

/** Gives what rules of some rule sets make of one end of a packet, once for a target that they share, with the family that it is of. */
export function listRewritings(
  rulesets: readonly Ruleset[],
  side: Rewriting["side"],
): readonly (Rewriting & { readonly family: Family })[] {
  const found: (Rewriting & { readonly family: Family })[] = [];
  // Both families may have a table in common.
  const seen: Readonly<Record<Family, Set<Target>>> = { 4: new Set(), 6: new Set() };
  for (const ruleset of rulesets) {
    const { family } = ruleset;
    for (const { target, rewriting } of listActiveTables(ruleset).flatMap(listRewriters)) {
      if (rewriting.side !== side || seen[family].has(target)) continue;
      seen[family].add(target);
      found.push({ ...rewriting, family });
    }
  }
  return found;
}

function listRewriters(table: Table): readonly Rewriter[] {
  const known = REWRITERS.get(table);
  // Stryker disable next-line ConditionalExpression: without what is kept, the same is found again
  if (known !== undefined) return known;
  const found: Rewriter[] = [];
  for (const target of listTableTargets(table)) {
    const rewriting = rewritingOf(target);
    if (rewriting !== null) found.push({ target, rewriting });
  }
  // Stryker disable next-line CallExpression: what is not kept is found again
  REWRITERS.set(table, found);
  return found;
}
