import { renderIptablesSave } from "../formats/iptables-save.ts";
import { renderHex } from "../formats/values.ts";
import { DEFAULT_TPROXY_ROUTE_TABLE, PASS_THROUGH_ADDRESS, type PodSpec } from "../model/pod.ts";
import { listTargets } from "../model/rule-parts.ts";
import { listRules, type PolicyRouting, type Ruleset } from "../model/ruleset.ts";
import type { TproxyTarget } from "../model/target.ts";

/**
 * Gives the policy routing that the marks of rule sets ask for, as Istio installs it: a file of rules says nothing of it, so what TPROXY
 * and the marks beside it need is taken as installed.
 */
export function impliedRouting(rulesets: readonly Ruleset[]): PolicyRouting {
  const tproxies = rulesets.flatMap(listTproxies).filter(({ mark }) => mark.mask !== 0);
  const marks = new Set(tproxies.map(({ mark }) => mark.value));
  return {
    rules: [...marks].map((mark) => `fwmark ${renderHex(mark)} lookup ${DEFAULT_TPROXY_ROUTE_TABLE}`),
    routes: marks.size === 0 ? [] : [`local default dev lo table ${DEFAULT_TPROXY_ROUTE_TABLE}`],
    addresses: rulesets.some(namesPassThrough) ? [`${PASS_THROUGH_ADDRESS[6]}/128 dev lo`] : [],
  };
}

/** Gives the mode the stub's listeners need: TPROXY's are transparent. */
export function impliedMode(rulesets: readonly Ruleset[]): PodSpec["interceptionMode"] {
  return rulesets.some((ruleset) => listTproxies(ruleset).length > 0) ? "TPROXY" : "REDIRECT";
}

/** Rules about ::6 are made where the pod has that address. */
function namesPassThrough(ruleset: Ruleset): boolean {
  return ruleset.family === 6 && renderIptablesSave(ruleset).includes(`-s ${PASS_THROUGH_ADDRESS[6]}/128`);
}

function listTproxies(ruleset: Ruleset): readonly TproxyTarget[] {
  return listRules(ruleset)
    .flatMap(listTargets)
    .flatMap((target) => (target.kind === "tproxy" ? [target] : []));
}
