import type { Family } from "../../model/address.ts";
import type { CompareRange } from "../../model/compare.ts";
import type { Match } from "../../model/match.ts";
import { listMatches, listTargets } from "../../model/rule-parts.ts";
import type { Rule } from "../../model/ruleset.ts";
import { rewritingOf } from "../diagrams/target-effects.ts";
import { editMatch } from "./match-edits.ts";
import { editTarget, type TargetContext } from "./target-edits.ts";

/**
 * Gives one rule with one thing changed, in every way that the tool of its table would load as far as the rule alone says; matches first,
 * then the target. Comments stay as they are.
 */
export function editRule(rule: Rule, family: Family, context: TargetContext): readonly Rule[] {
  const { matches, target } = rule;
  const without = matches.flatMap(({ kind }, i) => (kind === "comment" ? [] : [matches.toSpliced(i, 1)]));
  const changed = matches.flatMap((match, i) =>
    editMatch(match, family).map((edited) => followProtocol(matches.with(i, edited))),
  );
  const retargeted = target === null ? [] : editTarget(target, context);
  const edits = [
    ...[...without, ...changed].map((edited) => ({ matches: edited, target })),
    ...retargeted.map((edited) => ({ matches, target: edited })),
  ];
  return context.table.source === "nft" ? edits.filter(isNftLoadable) : edits.map(parConnections).filter(isLoadable);
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
  if (target?.kind === "tproxy-socket") return target.port !== null;
  return target?.kind === "tproxy" || (rewritingOf(target)?.ports ?? null) !== null;
}

/** nft takes ports in a target only after a match that says of which protocol they are (src/evaluate.c, `nat_evaluate_transport`). */
function isNftLoadable(rule: Rule): boolean {
  const namesPorts = listTargets(rule).some((target) => targetNamesPorts(target));
  return !namesPorts || listMatches(rule).some(namesProtocol);
}

function namesProtocol(match: Match): boolean {
  if (match.kind !== "compare") return match.kind === "unknown";
  const isExact = match.operator === "==" && match.elements.every((element) => element.every(isSingle));
  return match.keys.some(
    ({ name }) =>
      /^(?:tcp|udp) /.test(name) ||
      (isExact && (name === "meta l4proto" || name === "ip protocol" || name === "ip6 nexthdr")),
  );
}

function isSingle(range: CompareRange): boolean {
  return "name" in range || range.first === range.last;
}
