import type { Family } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import type { Rule } from "../../model/ruleset.ts";
import { rewritingOf } from "../diagrams/target-effects.ts";
import { editMatch } from "./match-edits.ts";
import { editTarget, type TargetContext } from "./target-edits.ts";

/** Gives one rule with one thing changed, in every way that the kernel would load; matches first, then the target. */
export function editRule(rule: Rule, family: Family, context: TargetContext): readonly Rule[] {
  const { matches, target } = rule;
  const without = matches.map((_, i) => matches.toSpliced(i, 1));
  const changed = matches.flatMap((match, i) =>
    editMatch(match, family).map((edited) => followProtocol(matches.with(i, edited))),
  );
  const retargeted = target === null ? [] : editTarget(target, context);
  return [
    ...[...without, ...changed].map((edited) => ({ matches: edited, target })),
    ...retargeted.map((edited) => ({ matches, target: edited })),
  ]
    .map(parConnections)
    .filter(isLoadable);
}

/** A rule that has lost its `--ctstate` asks the rest of `-m conntrack` by itself. */
function parConnections<R extends Rule>(rule: R): R {
  if (!rule.matches.some((match) => "besideState" in match && match.besideState)) return rule;
  const hasState = rule.matches.some((match) => match.kind === "state" && match.module === "conntrack");
  if (hasState) return rule;
  return {
    ...rule,
    matches: rule.matches.map((match) => ("besideState" in match ? { ...match, besideState: false } : match)),
  };
}

/** A port match is printed with the module of its protocol; a rule whose protocol changes takes its port matches along. */
function followProtocol(matches: readonly Match[]): readonly Match[] {
  const protocol = matches.find((match) => match.kind === "protocol")?.protocol;
  if (protocol !== "tcp" && protocol !== "udp") return matches;
  return matches.map((match) =>
    match.kind === "destination-port" || match.kind === "source-port" ? { ...match, module: protocol } : match,
  );
}

/** Ports, in a match or a target, need a protocol that has them (iptables-extensions(8)). */
function isLoadable({ matches, target }: Rule): boolean {
  const hasPorts = matches.some((match) => match.kind === "protocol" && !match.negated && match.protocol !== "all");
  const namesPorts = matches.some(
    ({ kind }) => kind === "destination-port" || kind === "source-port" || kind === "multiport",
  );
  const isTcp = matches.some((match) => match.kind === "protocol" && !match.negated && match.protocol === "tcp");
  const needsTcp = matches.some(({ kind }) => kind === "tcp-flags");
  return (hasPorts || (!namesPorts && !targetNamesPorts(target))) && (isTcp || !needsTcp);
}

function targetNamesPorts(target: Rule["target"]): boolean {
  return target?.kind === "tproxy" || (rewritingOf(target)?.ports ?? null) !== null;
}
