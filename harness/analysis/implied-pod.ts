import { renderIptablesSave } from "../formats/iptables-save.ts";
import { renderHex } from "../formats/values.ts";
import { PASS_THROUGH_IPV6 } from "../model/pod.ts";
import type { PodShape } from "../model/pod-shape.ts";
import { listRules, type PolicyRouting, type Ruleset } from "../model/ruleset.ts";
import type { TproxyTarget } from "../model/target.ts";

/** The table of the routes that are taken as installed; any that no other rule names would do. */
const IMPLIED_TABLE = 133;

/**
 * Gives the policy routing that the marks of rule sets ask for, as Istio installs it: a file of rules says nothing of it, so what TPROXY
 * and the marks beside it need is taken as installed.
 */
export function impliedRouting(rulesets: readonly Ruleset[]): PolicyRouting {
  const tproxies = rulesets.flatMap(listTproxies).filter(({ mark }) => mark.mask !== 0);
  const marks = new Set(tproxies.map(({ mark }) => mark.value));
  return {
    rules: [...marks].map((mark) => `fwmark ${renderHex(mark)} lookup ${IMPLIED_TABLE}`),
    routes: marks.size === 0 ? [] : [`local default dev lo table ${IMPLIED_TABLE}`],
    addresses: rulesets.some(namesPassThrough) ? [`${PASS_THROUGH_IPV6}/128 dev lo`] : [],
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
