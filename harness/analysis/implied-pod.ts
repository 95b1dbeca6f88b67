import { renderIptablesSave } from "../formats/iptables-save.ts";
import { FAMILIES } from "../model/address.ts";
import { DEFAULT_TPROXY_ROUTE_TABLE, PASS_THROUGH_ADDRESS, type PodSpec } from "../model/pod.ts";
import {
  deliverAll,
  lookUpMarked,
  PASS_THROUGH_ON_LO,
  type PolicyRouting,
  WHOLE_MARK,
} from "../model/policy-routing.ts";
import { listRules, type Ruleset } from "../model/ruleset.ts";
import type { TproxyTarget } from "../model/target.ts";

/**
 * Gives the policy routing that the marks of rule sets ask for, as Istio installs it: a file of rules says nothing of it, so what TPROXY
 * needs, in each family that has such rules, and the address of the pass-through are taken as installed.
 */
export function impliedRouting(rulesets: readonly Ruleset[]): PolicyRouting {
  const rules = FAMILIES.flatMap((family) => {
    const tproxies = rulesets.filter((ruleset) => ruleset.family === family).flatMap(listTproxies);
    const marks = new Set(tproxies.flatMap(({ mark }) => (mark.mask === 0 ? [] : mark.value)));
    return [...marks].map((value) => lookUpMarked(family, { value, mask: WHOLE_MARK }, DEFAULT_TPROXY_ROUTE_TABLE));
  });
  const families = FAMILIES.filter((family) => rules.some((rule) => rule.family === family));
  return {
    rules,
    routes: families.map((family) => deliverAll(family, DEFAULT_TPROXY_ROUTE_TABLE)),
    addresses: rulesets.some(namesPassThrough) ? [PASS_THROUGH_ON_LO] : [],
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
  return listRules(ruleset).flatMap(({ target }) => (target?.kind === "tproxy" ? [target] : []));
}
