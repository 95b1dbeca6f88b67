import { renderIptablesSave } from "../formats/iptables-save.ts";
import { FAMILIES } from "../model/address.ts";
import { PASS_THROUGH_IPV6 } from "../model/pod.ts";
import type { PodShape } from "../model/pod-shape.ts";
import {
  deliverAll,
  lookUpMarked,
  PASS_THROUGH_ON_LO,
  type PolicyRouting,
  WHOLE_MARK,
} from "../model/policy-routing.ts";
import { listRules, type Ruleset } from "../model/ruleset.ts";
import type { TproxyTarget } from "../model/target.ts";

/** The table of the routes that are taken as installed; any that no other rule names would do. */
const IMPLIED_TABLE = 133;

/**
 * Gives the policy routing that the marks of rule sets ask for, as Istio installs it: a file of rules says nothing of it, so what TPROXY
 * needs, in each family that has such rules, and the address of the pass-through are taken as installed.
 */
export function impliedRouting(rulesets: readonly Ruleset[]): PolicyRouting {
  const rules = FAMILIES.flatMap((family) => {
    const tproxies = rulesets.filter((ruleset) => ruleset.family === family).flatMap(listTproxies);
    const marks = new Set(tproxies.flatMap(({ mark }) => (mark.mask === 0 ? [] : mark.value)));
    return [...marks].map((value) => lookUpMarked(family, { value, mask: WHOLE_MARK }, IMPLIED_TABLE));
  });
  const families = FAMILIES.filter((family) => rules.some((rule) => rule.family === family));
  return {
    rules,
    routes: families.map((family) => deliverAll(family, IMPLIED_TABLE)),
    addresses: rulesets.some(namesPassThrough) ? [PASS_THROUGH_ON_LO] : [],
  };
}

/** Gives a pod's shape with the listeners that rules need: where TPROXY leads to one, it is transparent. */
export function impliedShape(shape: PodShape, rulesets: readonly Ruleset[]): PodShape {
  const ports = rulesets.flatMap(listTproxies).map(({ port }) => port);
  const listeners = shape.listeners.map((listener) =>
    ports.includes(listener.port) ? { ...listener, mode: "transparent" as const } : listener,
  );
  return { ...shape, listeners };
}

/** Rules about ::6 are made where the pod has that address. */
function namesPassThrough(ruleset: Ruleset): boolean {
  return ruleset.family === 6 && renderIptablesSave(ruleset).includes(`-s ${PASS_THROUGH_IPV6}/128`);
}

function listTproxies(ruleset: Ruleset): readonly TproxyTarget[] {
  return listRules(ruleset).flatMap(({ target }) => (target?.kind === "tproxy" ? [target] : []));
}
