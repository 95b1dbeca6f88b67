import { type CompareKey, type CompareKeyName, type CompareMatch, PROTOCOL_NUMBERS } from "../../model/compare.ts";
import { FLOW_PROTOCOLS, type FlowProtocol, type PORT_PROTOCOLS } from "../../model/flow.ts";
import type { Match } from "../../model/match.ts";
import { listActiveTables, type Rule, type Ruleset } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";

const PROTOCOL_KEYS: readonly CompareKeyName[] = ["meta l4proto", "ip protocol", "ip6 nexthdr"];
type PortProtocol = (typeof PORT_PROTOCOLS)[number];
/** A rule that asks for one of these has nothing to do with a protocol's flows. An ICMP error may end a flow of UDP. */
const APART = {
  tcp: [],
  udp: ["tcp"],
  icmp: ["tcp", "udp"],
} as const satisfies Record<FlowProtocol, readonly PortProtocol[]>;

/**
 * Gives the protocols of whose flows some rule of base chains, or a policy, may decide, and TCP in any case. Where none does, all packets
 * of a protocol pass: a rule further down is met only by what a base chain sends there. Where a rule's matches leave it open, it may.
 *
 * @example
 * listConcerned([rulesOf("-A OUTPUT -p tcp -j DROP")])   // ["tcp"]
 * listConcerned([rulesOf("-A OUTPUT -d 10.0.0.1 -j DROP")])   // ["tcp", "udp", "icmp"]
 */
export function listConcerned(rulesets: readonly Ruleset[]): readonly FlowProtocol[] {
  const chains = rulesets.flatMap(listActiveTables).flatMap((table) => table.chains);
  const concern = (apart: readonly PortProtocol[]) =>
    chains.some(
      ({ base, rules }) => base !== null && (base.policy === "DROP" || rules.some((rule) => mayDecide(rule, apart))),
    );
  return FLOW_PROTOCOLS.filter((protocol) => protocol === "tcp" || concern(APART[protocol]));
}

function mayDecide({ matches, target }: Rule, apart: readonly PortProtocol[]): boolean {
  const isApart = (match: Match) => isOnlyOf(match, apart);
  return target !== null && !matches.some(isApart) && !(target.kind === "statements" && isApartBefore(target, apart));
}

/** Of statements those up to the first match for such a protocol; until then nothing but a count or a line in a log may be done. */
function isApartBefore(
  { statements }: Extract<Target, { readonly kind: "statements" }>,
  apart: readonly PortProtocol[],
): boolean {
  for (const part of statements) {
    if ("match" in part && isOnlyOf(part.match, apart)) return true;
    if ("target" in part && part.target.kind !== "counter" && part.target.kind !== "log") return false;
  }
  return false;
}

/** Says whether a match holds for packets of some protocols alone. */
function isOnlyOf(match: Match, apart: readonly PortProtocol[]): boolean {
  const isOne = (name: string) => apart.some((protocol) => protocol === name);
  if (match.kind === "protocol") return !match.negated && isOne(match.protocol);
  if (match.kind === "source-port" || match.kind === "destination-port") return isOne(match.module);
  if (match.kind === "tcp-flags") return isOne("tcp");
  return match.kind === "compare" && match.keys.some((key, i) => isOfOne(key, match, i, apart));
}

/** Says whether a comparison holds for some protocols alone, by what it asks of one of its keys. */
function isOfOne(
  { name, mask }: CompareKey,
  { operator, elements }: CompareMatch,
  place: number,
  apart: readonly PortProtocol[],
): boolean {
  if (apart.some((protocol) => name.startsWith(`${protocol} `))) return true;
  if (!PROTOCOL_KEYS.includes(name) || operator !== "==" || mask !== null) return false;
  const numbers = apart.map((protocol) => BigInt(PROTOCOL_NUMBERS[protocol]));
  return elements.every((element) => {
    const range = element[place];
    return range !== undefined && "first" in range && range.first === range.last && numbers.includes(range.first);
  });
}
