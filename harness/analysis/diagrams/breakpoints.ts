import { addressValue, type Family, prefixLength } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import { listMatches } from "../../model/rule-parts.ts";
import { listRules, type PodRules } from "../../model/ruleset.ts";
import { boundariesOf } from "../flows/axis.ts";
import type { SplitRanges } from "./axis-ranges.ts";
import { listRanges } from "./match-traits.ts";
import { listRewritings, type Rewriting } from "./target-effects.ts";

/**
 * Where rules change their mind, by dimension: each number begins a new interval, within which every rule treats all values alike.
 * Ports and ids as numbers, addresses by family.
 */
export interface Breakpoints {
  readonly ports: ReadonlySet<number>;
  readonly uids: ReadonlySet<number>;
  readonly gids: ReadonlySet<number>;
  readonly addresses: Readonly<Record<4 | 6, ReadonlySet<bigint>>>;
}

interface Growing {
  readonly ports: Set<number>;
  readonly uids: Set<number>;
  readonly gids: Set<number>;
  readonly addresses: { readonly 4: Set<bigint>; readonly 6: Set<bigint> };
}

/**
 * Gives the breakpoints of all rules of some pods together, of what they match and of what they rewrite destinations to. Null where a rule
 * has none to give: a network whose mask has holes.
 * What depends on a packet's state, marks or interfaces has no breakpoints: the simulator carries those along.
 */
export function findBreakpoints(pods: readonly PodRules[]): Breakpoints | null {
  const found: Growing = {
    ports: new Set(),
    uids: new Set(),
    gids: new Set(),
    addresses: { 4: new Set(), 6: new Set() },
  };
  const rulesets = pods.flatMap(({ ip, ip6 }) => [ip, ip6]).filter((ruleset) => ruleset !== null);
  for (const rewriting of listRewritings(rulesets, "destination")) noteRewriting(rewriting, rewriting.family, found);
  const isKnown = rulesets.every((ruleset) =>
    listRules(ruleset).every((rule) => listMatches(rule).every((match) => note(match, ruleset.family, found))),
  );
  return isKnown ? found : null;
}

function note(match: Match, family: Family, found: Growing): boolean {
  // A mask with gaps makes many ranges, and more flows than could be looked at one by one.
  if ("network" in match && prefixLength(match.network) === null) return false;
  for (const asked of listRanges(match, family)) noteRanges(asked, family, found);
  return true;
}

function noteRanges(asked: SplitRanges, family: Family, found: Growing): void {
  const starts = boundariesOf(asked.ranges);
  switch (asked.axis) {
    case "ports":
      for (const start of starts) found.ports.add(Number(start));
      return;
    case "ids":
      for (const field of asked.fields ?? []) noteIds(field === "gid" ? found.gids : found.uids, starts);
      return;
    case "addresses":
      for (const start of starts) found.addresses[family].add(start);
      return;
  }
}

function noteIds(to: Set<number>, starts: readonly bigint[]): void {
  for (const start of starts) to.add(Number(start));
}

/** What is dialled as a rule would rewrite it stays as it is and shows no original destination; and where it goes, somebody must be. */
function noteRewriting({ addresses, ports }: Rewriting, family: Family, found: Growing): void {
  if (ports) found.ports.add(ports.first).add(ports.last + 1);
  if (addresses === null || addresses === "local") return;
  found.addresses[family].add(addressValue(addresses.first)).add(addressValue(addresses.last) + 1n);
}
