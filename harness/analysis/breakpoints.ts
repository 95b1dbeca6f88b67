import { addressBits, parseAddress, prefixLength } from "../model/address.ts";
import type { Match, Range } from "../model/match.ts";
import { listRules, type PodRules } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";

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
  const rules = pods.flatMap(({ ip, ip6 }) => [ip, ip6]).flatMap(listRules);
  for (const { target } of rules) noteTarget(target, found);
  return rules.flatMap(({ matches }) => matches).every((match) => note(match, found)) ? found : null;
}

function note(match: Match, found: Growing): boolean {
  switch (match.kind) {
    case "source-port":
    case "destination-port":
      noteRange(match.ports, found.ports);
      return true;
    case "multiport":
      for (const range of match.ports) noteRange(range, found.ports);
      return true;
    case "owner":
      if (match.ids) noteRange(match.ids, match.what === "gid" ? found.gids : found.uids);
      return true;
    case "source":
    case "destination": {
      const { family, value, mask } = match.network;
      if (prefixLength(match.network) === null) return false;
      const size = (1n << BigInt(addressBits(family))) - mask;
      noteAddresses(value, value + size, found.addresses[family]);
      return true;
    }
    case "source-range":
    case "destination-range":
      return noteEnds(match, found) === "noted";
    default:
      return true;
  }
}

/** What is dialled as a rule would rewrite it stays as it is and shows no original destination; and where it goes, somebody must be. */
function noteTarget(target: Target | null, found: Growing): void {
  if (target?.kind !== "redirect" && target?.kind !== "dnat") return;
  if (target.ports) noteRange(target.ports, found.ports);
  const addresses = target.kind === "dnat" ? target.addresses : null;
  if (addresses) noteEnds(addresses, found);
}

/** Notes a range of addresses; `unreadable` where an end is none. */
function noteEnds(
  { first, last }: { readonly first: string; readonly last: string },
  found: Growing,
): "noted" | "unreadable" {
  const [low, high] = [parseAddress(first), parseAddress(last)];
  if (!low || !high) return "unreadable";
  noteAddresses(low.value, high.value + 1n, found.addresses[low.family]);
  return "noted";
}

function noteRange({ first, last }: Range, to: Set<number>): void {
  to.add(first).add(last + 1);
}

function noteAddresses(first: bigint, end: bigint, to: Set<bigint>): void {
  to.add(first).add(end);
}
