import type { Family } from "../../harness/model/address.ts";
import type { CompareKeyName } from "../../harness/model/compare.ts";
import type { Match } from "../../harness/model/match.ts";
import { listMatches, listTargets } from "../../harness/model/rule-parts.ts";
import { listRules, type Rule } from "../../harness/model/ruleset.ts";
import type { SideEffectName, Target } from "../../harness/model/target.ts";
import type { AgreementCase, DrawnFormat } from "./agreement-case.ts";

/** Where a kind is drawn: in rules of one tool or of either, of one family or of both; or nowhere, for the reason that is given. */
interface Drawn {
  readonly by: "iptables" | "nft" | "either" | "neither";
  readonly family?: Family;
}

const IPTABLES: Drawn = { by: "iptables" };
const NFT: Drawn = { by: "nft" };
const EITHER: Drawn = { by: "either" };
/** What is not understood has no landing to compare; nor does a packet of a driven flow carry it. */
const NEVER: Drawn = { by: "neither" };
const IPV4_BY_IPTABLES: Drawn = { by: "iptables", family: 4 };
const NFT4: Drawn = { by: "nft", family: 4 };
const NFT6: Drawn = { by: "nft", family: 6 };

const MATCHES = {
  protocol: IPTABLES,
  source: IPTABLES,
  destination: IPTABLES,
  "in-interface": IPTABLES,
  "out-interface": IPTABLES,
  fragment: IPV4_BY_IPTABLES,
  "source-port": IPTABLES,
  "destination-port": IPTABLES,
  "tcp-flags": IPTABLES,
  multiport: IPTABLES,
  "source-range": IPTABLES,
  "destination-range": IPTABLES,
  owner: IPTABLES,
  state: IPTABLES,
  "connection-protocol": IPTABLES,
  "connection-address": IPTABLES,
  "connection-port": IPTABLES,
  "connection-status": IPTABLES,
  "connection-direction": IPTABLES,
  mark: IPTABLES,
  connmark: IPTABLES,
  socket: IPTABLES,
  "source-type": IPTABLES,
  "destination-type": IPTABLES,
  "icmp-type": IPTABLES,
  comment: EITHER,
  compare: NFT,
  unknown: NEVER,
} satisfies Record<Match["kind"], Drawn>;

const TARGETS = {
  accept: EITHER,
  drop: EITHER,
  return: EITHER,
  jump: EITHER,
  goto: EITHER,
  redirect: EITHER,
  dnat: EITHER,
  snat: EITHER,
  masquerade: EITHER,
  tproxy: IPTABLES,
  mark: IPTABLES,
  "connmark-set": IPTABLES,
  "connmark-save": IPTABLES,
  "connmark-restore": IPTABLES,
  notrack: EITHER,
  track: IPTABLES,
  zone: EITHER,
  log: EITHER,
  "hop-limit": IPTABLES,
  tee: IPTABLES,
  "side-effect": IPTABLES,
  reject: EITHER,
  statements: NFT,
  map: NFT,
  assign: NFT,
  "tproxy-socket": NFT,
  counter: NFT,
  continue: NFT,
  unknown: NEVER,
} satisfies Record<Target["kind"], Drawn>;

const SIDE_EFFECTS = {
  NFLOG: IPTABLES,
  ULOG: IPV4_BY_IPTABLES,
  TRACE: IPTABLES,
  AUDIT: IPTABLES,
  CLASSIFY: IPTABLES,
  CHECKSUM: IPTABLES,
  TOS: IPTABLES,
  DSCP: IPTABLES,
  ECN: IPV4_BY_IPTABLES,
  TCPMSS: IPTABLES,
  TCPOPTSTRIP: IPTABLES,
  IDLETIMER: IPTABLES,
  SET: IPTABLES,
  SECMARK: IPTABLES,
  CONNSECMARK: IPTABLES,
  LED: IPTABLES,
  RATEEST: IPTABLES,
} satisfies Record<SideEffectName, Drawn>;

const KEYS = {
  "meta l4proto": NFT,
  "meta nfproto": NFT,
  "meta protocol": NFT,
  "meta iifname": NFT,
  "meta oifname": NFT,
  "meta iif": NFT,
  "meta oif": NFT,
  "meta skuid": NFT,
  "meta skgid": NFT,
  "meta mark": NFT,
  "ct state": NFT,
  "ct status": NFT,
  "ct direction": NFT,
  "ct mark": NFT,
  "ct zone": NFT,
  "ct l3proto": NFT,
  "ct protocol": NFT,
  "ct saddr": NFT,
  "ct daddr": NFT,
  "ct proto-src": NFT,
  "ct proto-dst": NFT,
  "ip saddr": NFT4,
  "ip daddr": NFT4,
  "ip protocol": NFT4,
  "ip ttl": NFT4,
  "ip6 saddr": NFT6,
  "ip6 daddr": NFT6,
  "ip6 nexthdr": NFT6,
  "ip6 hoplimit": NFT6,
  "tcp sport": NFT,
  "tcp dport": NFT,
  "tcp flags": NFT,
  "udp sport": NFT,
  "udp dport": NFT,
  "th sport": NFT,
  "th dport": NFT,
  "icmp type": NFT4,
  "icmpv6 type": NFT6,
  "fib saddr type": NFT,
  "fib saddr oif": NFT,
  "fib daddr type": NFT,
  "socket transparent": NFT,
  "socket wildcard": NFT,
} satisfies Record<CompareKeyName, Drawn>;

/** How often a kind of match, of key or of target was drawn. */
export interface KindCount {
  /** `match owner`, `compares ct state`, `target redirect`, `target NFLOG`. */
  readonly name: string;
  readonly rules: number;
  /** Rule sets that have it. */
  readonly sets: number;
  /** Rule sets that should have it: one of twenty of those whose family knows it. */
  readonly wanted: number;
}

/** A kind is drawn often enough where one rule set of twenty has it: 20 of 400. */
const SETS_OF_A_KIND = 0.05;

/**
 * Gives every kind of match, of key and of target that the rules of a format can have, with how often it was drawn. Kinds that this
 * machine's kernel does not load are left out.
 *
 * @example
 * countKinds(cases, "iptables", ["ULOG"])   // [{ name: "match protocol", rules: 3440, sets: 100, wanted: 5 }, …]
 */
export function countKinds(
  cases: readonly AgreementCase[],
  format: DrawnFormat,
  unloadable: readonly string[],
): readonly KindCount[] {
  const names = cases.map(({ rules: { ip, ip6 } }) => [...listRules(ip), ...listRules(ip6)].flatMap(namesIn));
  const ofFamily = (family: Family | undefined) =>
    cases.filter(({ rules }) => family === undefined || (family === 4 ? rules.ip : rules.ip6) !== null).length;
  return listDrawn(format, unloadable).map(([name, { family }]) => {
    const drawn = names.map((inSet) => inSet.filter((each) => each === name).length);
    const sets = drawn.filter((count) => count > 0).length;
    const rules = drawn.reduce((sum, count) => sum + count, 0);
    return { name, rules, sets, wanted: Math.ceil(SETS_OF_A_KIND * ofFamily(family)) };
  });
}

function listDrawn(format: DrawnFormat, unloadable: readonly string[]): readonly (readonly [string, Drawn])[] {
  const named = (word: string, kinds: Readonly<Record<string, Drawn>>) =>
    Object.entries(kinds).map(([kind, drawn]): readonly [string, Drawn] => [`${word} ${kind}`, drawn]);
  const { "side-effect": _, ...targets } = TARGETS;
  const all = [
    ...named("match", MATCHES),
    ...named("compares", KEYS),
    ...named("target", targets),
    ...named("target", SIDE_EFFECTS),
  ];
  const isLoaded = (name: string) =>
    !unloadable.some((each) => [each, ...(MODULES[each] ?? [])].includes(name.replace("target ", "")));
  return all.filter(([name, { by }]) => isLoaded(name) && (by === "either" || by === format || isMixed(by, format)));
}

function isMixed(by: Drawn["by"], format: DrawnFormat): boolean {
  return format === "mixed" && by !== "neither";
}

/** Kinds whose name is not that of the module. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  CT: ["track", "zone"],
  TTL: ["hop-limit"],
  TEE: ["tee"],
};

function namesIn(rule: Rule): readonly string[] {
  const { target } = rule;
  return [
    ...listMatches(rule).flatMap((match) =>
      match.kind === "compare"
        ? ["match compare", ...match.keys.map(({ name }) => `compares ${name}`)]
        : `match ${match.kind}`,
    ),
    ...(target?.kind === "map" || target?.kind === "statements" ? [`target ${target.kind}`] : []),
    ...listTargets(rule).map((one) => `target ${one.kind === "side-effect" ? one.name : one.kind}`),
  ];
}

/** Gives the counts as a table of two columns of kinds, those that are drawn too seldom with a `!` and how many rule sets are wanted. */
export function renderKinds(kinds: readonly KindCount[]): string {
  const lines = kinds.map(({ name, rules, sets, wanted }) => {
    const count = `${name.padEnd(28)} ${String(sets).padStart(5)} sets ${String(rules).padStart(6)} rules`;
    return `${count}${sets < wanted ? `  ! of ${wanted} sets` : ""}`;
  });
  const half = Math.ceil(lines.length / 2);
  return lines
    .slice(0, half)
    .map((line, i) => `${line.padEnd(72)}${lines[half + i] ?? ""}`.trimEnd())
    .join("\n");
}
