import type { Family } from "../model/address.ts";
import { listTargets } from "../model/rule-parts.ts";
import { findRuleAt, type RulePlace } from "../model/rule-place.ts";
import { familyKey, listRules, type PodRules, type Rule } from "../model/ruleset.ts";
import { type Rewriting, rewritingOf } from "./diagrams/target-effects.ts";

/** How many rules translate to one port: at addresses of the pod's own, and at each other address. */
interface PortUse {
  local: number;
  readonly addresses: Map<string, number>;
}

/**
 * Gives a function that says whether the rule at a place is the only one of a family that translates what is dialled to where it does.
 * False where that is not sure: where some rule translates to a range, or keeps the address or the port.
 *
 * @example
 * openLoneTranslations(rules, 4)({ family: 4, table: "nat", chain: "ISTIO_REDIRECT", index: 1 })   // true
 */
export function openLoneTranslations(rules: PodRules, family: Family): (place: Omit<RulePlace, "rule">) => boolean {
  const ruleset = rules[familyKey(family)];
  const all = ruleset ? listRules(ruleset).flatMap(listTranslations) : [];
  if (!all.every(isOneEnd)) return () => false;
  const uses = new Map<number, PortUse>();
  for (const { port, address } of all.map(endOf)) {
    const use: PortUse = uses.get(port) ?? { local: 0, addresses: new Map() };
    uses.set(port, use);
    if (address === "local") use.local++;
    else use.addresses.set(address, (use.addresses.get(address) ?? 0) + 1);
  }
  const isLone = (rewriting: Rewriting): boolean => {
    const { port, address } = endOf(rewriting);
    const use = uses.get(port);
    // An address of the pod's own may be any other rule's.
    if (address === "local") return use?.local === 1 && use.addresses.size === 0;
    return use?.local === 0 && use.addresses.get(address) === 1;
  };
  return (place) => {
    const rule = findRuleAt(place, rules);
    const own = rule ? listTranslations(rule) : [];
    return own.length > 0 && own.every(isLone);
  };
}

/** Gives what a rule makes of what is dialled. */
function listTranslations(rule: Rule): readonly Rewriting[] {
  return listTargets(rule).flatMap((target) => {
    const rewriting = rewritingOf(target);
    return rewriting?.side === "destination" ? rewriting : [];
  });
}

function isOneEnd({ addresses, ports }: Rewriting): boolean {
  const isOneAddress = addresses === "local" || (addresses !== null && addresses.first === addresses.last);
  return isOneAddress && ports !== null && ports.first === ports.last;
}

function endOf({ addresses, ports }: Rewriting): { readonly port: number; readonly address: string } {
  return { port: ports?.first ?? 0, address: addresses === null || addresses === "local" ? "local" : addresses.first };
}
