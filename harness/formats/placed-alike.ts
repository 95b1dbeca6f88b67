import type { Match } from "../model/match.ts";
import type { Rule } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";

/** Rules of a chain that are kept to hold others against: those of large sets come in runs and rounds of some shapes. */
const KEPT_AT_MOST = 8;

/**
 * Says whether a rule is like one of some others in everything that `checkRulePlacement` asks about, so that it stands well in their chain
 * if they do: it differs from one in addresses, ports, comments and chains alone. False wherever that is not seen at once.
 */
export function isPlacedLike(rule: Rule, others: readonly Rule[]): boolean {
  for (let i = 0; i < others.length; i++) if (isAlike(rule, others[i] as Rule)) return true;
  return false;
}

/** Adds a rule to those that {@link isPlacedLike} holds others against, in the place of the one that is there for the longest time. */
export function keepPlaced(kept: Rule[], rule: Rule): void {
  if (kept.length === KEPT_AT_MOST) kept.pop();
  kept.unshift(rule);
}

function isAlike({ matches, target }: Rule, other: Rule): boolean {
  if (matches.length !== other.matches.length || !areTargetsAlike(target, other.target)) return false;
  for (let i = 0; i < matches.length; i++)
    if (!areMatchesAlike(matches[i] as Match, other.matches[i] as Match)) return false;
  return true;
}

function areMatchesAlike(match: Match, other: Match): boolean {
  if (match === other) return true;
  switch (match.kind) {
    case "source":
    case "destination":
      return other.kind === match.kind && other.network.family === match.network.family;
    case "source-port":
    case "destination-port":
      return other.kind === match.kind && other.module === match.module;
    case "comment":
      return other.kind === "comment";
  }
  return false;
}

function areTargetsAlike(target: Target | null, other: Target | null): boolean {
  if (target === other) return true;
  if (target === null || other === null) return false;
  if (target.kind === "jump") return other.kind === "jump";
  return target.kind === "dnat" && other.kind === "dnat" && target.ports !== null && other.ports !== null;
}
