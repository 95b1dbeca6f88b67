import { type CompareKey, type CompareKeyName, type CompareMatch, PROTOCOL_NUMBERS } from "../../model/compare.ts";
import type { Match } from "../../model/match.ts";
import { listActiveTables, type Rule, type Ruleset } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";

const PROTOCOL_KEYS: readonly CompareKeyName[] = ["meta l4proto", "ip protocol", "ip6 nexthdr"];

/**
 * Says whether some rule of base chains, or a policy, may decide what becomes of a datagram. Where none does, all datagrams pass: a rule
 * further down is met only by what a base chain sends there. Where a rule's matches leave it open, it may.
 */
export function concernDatagrams(rulesets: readonly Ruleset[]): boolean {
  const chains = rulesets.flatMap(listActiveTables).flatMap((table) => table.chains);
  return chains.some(({ base, rules }) => base !== null && (base.policy === "DROP" || rules.some(mayDecide)));
}

function mayDecide({ matches, target }: Rule): boolean {
  return target !== null && !matches.some(isTcpOnly) && !(target.kind === "statements" && isTcpBefore(target));
}

/** Of statements those up to the first match for TCP alone; until then nothing but a count or a line in a log may be done. */
function isTcpBefore({ statements }: Extract<Target, { readonly kind: "statements" }>): boolean {
  for (const part of statements) {
    if ("match" in part && isTcpOnly(part.match)) return true;
    if ("target" in part && part.target.kind !== "counter" && part.target.kind !== "log") return false;
  }
  return false;
}

function isTcpOnly(match: Match): boolean {
  if (match.kind === "protocol") return !match.negated && match.protocol === "tcp";
  if (match.kind === "source-port" || match.kind === "destination-port") return match.module === "tcp";
  if (match.kind === "tcp-flags") return true;
  return match.kind === "compare" && match.keys.some((key, i) => isOfTcp(key, match, i));
}

/** Says whether a comparison holds for TCP alone, by what it asks of one of its keys. */
function isOfTcp({ name, mask }: CompareKey, { operator, elements }: CompareMatch, place: number): boolean {
  if (name.startsWith("tcp ")) return true;
  if (!PROTOCOL_KEYS.includes(name) || operator !== "==" || mask !== null) return false;
  const tcp = BigInt(PROTOCOL_NUMBERS.tcp);
  return elements.every((element) => {
    const range = element[place];
    return range !== undefined && "first" in range && range.first === tcp && range.last === tcp;
  });
}
