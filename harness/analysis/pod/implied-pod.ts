import { addressValue, FAMILIES, prefixLength } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import { PASS_THROUGH_IPV6 } from "../../model/pod.ts";
import type { ListenerShape, PodShape } from "../../model/pod-shape.ts";
import {
  deliverAll,
  lookUpMarked,
  PASS_THROUGH_ON_LO,
  type PolicyRouting,
  WHOLE_MARK,
} from "../../model/policy-routing.ts";
import { listMatches, listRulesetTargets, listTargets } from "../../model/rule-parts.ts";
import { listRules, type Ruleset } from "../../model/ruleset.ts";
import type { Target, TproxyTarget } from "../../model/target.ts";

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
  const targets = rulesets.flatMap(listRulesetTargets);
  const isLedTo = ({ port }: ListenerShape) =>
    targets.some((target) =>
      target.kind === "tproxy"
        ? target.port === port
        : target.kind === "tproxy-socket" && (target.port ?? port) === port,
    );
  const listeners = shape.listeners.map((listener) =>
    isLedTo(listener) ? { ...listener, mode: "transparent" as const } : listener,
  );
  return { ...shape, listeners };
}

/** Rules about ::6 are made where the pod has that address. */
function namesPassThrough(ruleset: Ruleset): boolean {
  const value = addressValue(PASS_THROUGH_IPV6);
  const isNamed = (match: Match) => {
    if (match.kind === "source") return match.network.value === value && prefixLength(match.network) === 128;
    if (match.kind !== "compare") return false;
    return match.keys.some(
      ({ name }, i) =>
        name === "ip6 saddr" &&
        match.elements.some((element) => {
          const range = element[i];
          return range !== undefined && "first" in range && range.first === value && range.last === value;
        }),
    );
  };
  return ruleset.family === 6 && listRules(ruleset).some((rule) => listMatches(rule).some(isNamed));
}

/** The marks that rules give to what they hand to a transparent listener: with TPROXY itself, and beside nft's tproxy. */
function listTproxies(ruleset: Ruleset): readonly Pick<TproxyTarget, "mark">[] {
  const isTproxy = ({ kind }: Target) => kind === "tproxy" || kind === "tproxy-socket";
  if (!listRulesetTargets(ruleset).some(isTproxy)) return [];
  return listRules(ruleset).flatMap((rule) => {
    const targets = listTargets(rule);
    const own = targets.flatMap((target) => (target.kind === "tproxy" ? [target] : []));
    if (!targets.some(({ kind }) => kind === "tproxy-socket")) return own;
    const marks = targets.flatMap((target) =>
      target.kind === "assign" && target.to === "packet" && target.from === "value" ? [target.xor] : [],
    );
    const unmarked = { mark: { value: 0, mask: 0 } };
    return [...own, unmarked, ...marks.map((value) => ({ mark: { value, mask: 0xffffffff } }))];
  });
}
