import type { Target } from "../model/target.ts";
import type { Verdict } from "../model/trace.ts";
import type { CompiledRule, RuleVerdict } from "./compiled-chain.ts";

/** Gives a verdict's name as traces show it; targets of NAT, TPROXY and NOTRACK are named by what they are. */
export function nameVerdict(rule: CompiledRule, verdict: Exclude<RuleVerdict, { kind: "break" }>): Verdict {
  const target = rule.rule.target && lastTarget(rule.rule.target);
  const name = target && VERDICT_NAMES[target.kind];
  if (name === "unknown") return name;
  return name === null || verdict.kind === "drop" || verdict.kind === "reject" ? verdict.kind : name;
}

/** A rule of several statements is named by the last: those before it let the packet go on. */
function lastTarget(target: Target): Target {
  const last = target.kind === "statements" ? target.statements.findLast((part) => "target" in part) : undefined;
  return last === undefined ? target : lastTarget(last.target);
}

/** Names that say more than the verdict does; null where the verdict's own name is all there is to say. */
const VERDICT_NAMES = {
  accept: null,
  drop: null,
  return: null,
  jump: null,
  goto: null,
  redirect: "redirect",
  dnat: "dnat",
  snat: "snat",
  masquerade: "snat",
  tproxy: "tproxy",
  mark: null,
  "connmark-set": null,
  "connmark-save": null,
  "connmark-restore": null,
  notrack: "notrack",
  track: null,
  zone: null,
  log: null,
  reject: null,
  "hop-limit": null,
  tee: null,
  "side-effect": null,
  statements: null,
  map: null,
  assign: null,
  "tproxy-socket": "tproxy",
  counter: null,
  continue: null,
  unknown: "unknown",
} satisfies Record<Target["kind"], Verdict | null>;
