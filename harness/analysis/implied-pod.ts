import { renderHex } from "../formats/values.ts";
import { addressValue, prefixLength } from "../model/address.ts";
import type { Match } from "../model/match.ts";
import { DEFAULT_TPROXY_ROUTE_TABLE, PASS_THROUGH_ADDRESS, type PodSpec } from "../model/pod.ts";
import { listMatches, listTargets } from "../model/rule-parts.ts";
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
  const value = addressValue(PASS_THROUGH_ADDRESS[6]);
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
