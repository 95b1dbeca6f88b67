import type { CompareKey } from "../../model/compare.ts";
import { listMatches, listTargets } from "../../model/rule-parts.ts";
import { type Chain, chainsByName, type Rule, type Table } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { findLoops, listJumps } from "../chain-graph.ts";
import { findHooks } from "../chain-hooks.ts";

/** What the kernel or nft would refuse, at the rule that has it; null where it is a chain's. */
export interface NftFault {
  readonly rule: Rule | null;
  readonly message: string;
}

/** Gives everything about a table that nft or the kernel refuses: jumps to nowhere, loops, and targets where they cannot stand. */
export function checkNftTable(table: Table): readonly NftFault[] {
  const faults: ChainFaults = { lost: [], misplaced: [] };
  const basesOf = openBases(table);
  for (const chain of table.chains) checkChain(chain, table, basesOf, faults);
  return [...faults.lost, ...findLoops(table), ...faults.misplaced];
}

/** What is wrong with rules of chains: with where they lead, and with what they do there. */
interface ChainFaults {
  readonly lost: NftFault[];
  readonly misplaced: NftFault[];
}

/** Opens what gives the base chains from which packets come to a chain. */
function openBases(table: Table): (chain: Chain) => readonly Chain[] {
  const hooks = findHooks(table);
  const known = new Map<ReadonlySet<string>, readonly Chain[]>();
  return ({ name }) => {
    const names = hooks.get(name);
    if (names === undefined) return NO_CHAINS;
    const bases = known.get(names) ?? [...names].flatMap((base) => chainsByName(table).get(base) ?? []);
    known.set(names, bases);
    return bases;
  };
}

const NO_CHAINS: readonly Chain[] = [];

function checkChain(
  chain: Chain,
  table: Table,
  basesOf: (chain: Chain) => readonly Chain[],
  { lost, misplaced }: ChainFaults,
): void {
  for (const { rule, to } of listJumps(chain)) {
    const message = describeLostJump(to, chain, table);
    if (message !== null) lost.push({ rule, message });
  }
  const bases = basesOf(chain);
  for (const rule of chain.rules)
    for (const message of checkRule(rule, table, bases)) misplaced.push({ rule, message });
}

function describeLostJump(next: string, chain: Chain, table: Table): string | null {
  const found = chainsByName(table).get(next);
  if (found?.base === null) return null;
  const reason = found
    ? `${next} is a base chain, which no rule can jump or go to`
    : `the table ${table.name} has no chain ${next}`;
  return `The chain ${chain.name} goes to ${next}, but ${reason}.`;
}

function checkRule(rule: Rule, table: Table, bases: readonly Chain[]): readonly string[] {
  const families = checkFamilies(rule, table);
  const targets = listTargets(rule).flatMap((target) => checkTarget(target, rule, table, bases));
  return targets.length === 0 ? families : [...targets, ...families];
}

function checkTarget(target: Target, rule: Rule, table: Table, bases: readonly Chain[]): readonly string[] {
  const [place, family] = [checkPlace(target, bases), checkFamily(target, rule, table)];
  const transport = checkTransport(target, rule);
  const isRight = place.length === 0 && family.length === 0 && transport.length === 0;
  return isRight ? NOTHING_WRONG : [...place, ...family, ...transport];
}

/** Nearly every rule of a large set is right. */
const NOTHING_WRONG: readonly string[] = [];

/** Where the kernel takes each target (the `validate` of net/netfilter/nft_*.c, 6.18): chain types, and hooks. */
const PLACES: Readonly<Partial<Record<Target["kind"], readonly [types: readonly string[], hooks: readonly string[]]>>> =
  {
    redirect: [["nat"], ["prerouting", "output"]],
    dnat: [["nat"], ["prerouting", "output"]],
    snat: [["nat"], ["input", "postrouting"]],
    masquerade: [["nat"], ["postrouting"]],
    "tproxy-socket": [["filter"], ["prerouting"]],
    reject: [
      ["filter", "route", "nat"],
      ["prerouting", "input", "forward", "output"],
    ],
  };

function checkPlace(target: Target, bases: readonly Chain[]): readonly string[] {
  const place = PLACES[target.kind];
  if (place === undefined) return NOTHING_WRONG;
  const [types, hooks] = place;
  const word = target.kind === "tproxy-socket" ? "tproxy" : target.kind;
  return bases.flatMap(({ name, base }) => {
    if (base === null || (types.includes(base.type) && hooks.includes(base.hook))) return [];
    const wanted = types.length === 1 ? `chains of type ${types[0]} at ${hooks.join(" and ")}` : hooks.join(", ");
    return [
      `${word} is for ${wanted} only, and ${name} is of type ${base.type} at ${base.hook}; the kernel refuses this.`,
    ];
  });
}

function checkFamily(target: Target, rule: Rule, { family }: Table): readonly string[] {
  if (target.kind === "tproxy-socket") {
    const isMixed = family === "inet" && target.family === undefined && namesFamily(rule);
    return isMixed
      ? ["tproxy after a match on one family must name the family: tproxy ip to …; nft refuses this."]
      : NOTHING_WRONG;
  }
  if (target.kind === "dnat" || target.kind === "snat") {
    const isNamed =
      namesFamily(rule) ||
      listMatches(rule).some(
        (match) =>
          match.kind === "compare" &&
          match.keys.some(({ name }) => name === "meta nfproto" || name === "meta protocol"),
      );
    const needsFamily = family === "inet" && target.addresses !== null && target.family === undefined && !isNamed;
    return needsFamily
      ? [`${target.kind} to an address in an inet table needs its family: ${target.kind} ip to …; nft refuses this.`]
      : NOTHING_WRONG;
  }
  if (target.kind !== "reject" || family === "inet") return NOTHING_WRONG;
  const other = family === "ip" ? "icmp6-" : "icmp-";
  const isOther = target.with.startsWith("icmpx-") || target.with.startsWith(other);
  return isOther ? [`An ${family} table cannot reject with ${target.with}; nft refuses this.`] : [];
}

function namesFamily(rule: Rule): boolean {
  return listMatches(rule).some(
    (match) => match.kind === "compare" && (asksOf(match.keys).ip || asksOf(match.keys).ip6),
  );
}

const TRANSLATING: readonly Target["kind"][] = ["redirect", "dnat", "snat", "masquerade", "tproxy-socket"];

/** A port can be translated only where the rule asks for a protocol that has ports (src/evaluate.c, `nat_evaluate_transport`). */
function checkTransport(target: Target, rule: Rule): readonly string[] {
  const ports = target.kind === "tproxy-socket" ? target.port : "ports" in target ? target.ports : null;
  if (ports === null || !TRANSLATING.includes(target.kind)) return NOTHING_WRONG;
  const asksTransport = listMatches(rule).some(
    (match) => match.kind === "unknown" || (match.kind === "compare" && asksOf(match.keys).transport),
  );
  return asksTransport
    ? NOTHING_WRONG
    : [
        "A port can be translated only after a match on the transport protocol, such as meta l4proto tcp; nft refuses this.",
      ];
}

/** No packet is of both families (src/payload.c: "conflicting protocols specified"). */
function checkFamilies(rule: Rule, { family }: Table): readonly string[] {
  let [hasIp, hasIp6] = [false, false];
  for (const match of listMatches(rule)) {
    if (match.kind !== "compare") continue;
    const { ip, ip6 } = asksOf(match.keys);
    hasIp ||= ip;
    hasIp6 ||= ip6;
  }
  if (hasIp && hasIp6) return ["A rule cannot compare fields of both ip and ip6; nft refuses this."];
  if (family === "ip" && hasIp6) return ["A table of ip cannot compare fields of ip6; nft refuses this."];
  return family === "ip6" && hasIp ? ["A table of ip6 cannot compare fields of ip; nft refuses this."] : NOTHING_WRONG;
}

/** Whether keys ask about headers of each family, and about the transport protocol. */
interface KeyAsks {
  readonly ip: boolean;
  readonly ip6: boolean;
  readonly transport: boolean;
}

/** Rules that are alike have one list of keys. */
const ASKS = new WeakMap<readonly CompareKey[], KeyAsks>();

function asksOf(keys: readonly CompareKey[]): KeyAsks {
  const known = ASKS.get(keys);
  if (known !== undefined) return known;
  const asks = (pattern: RegExp) => keys.some(({ name }) => pattern.test(name));
  const made = {
    ip: asks(/^ip /),
    ip6: asks(/^ip6 /),
    transport: asks(/^(?:tcp|udp|th) |^meta l4proto$|^ip protocol$|^ip6 nexthdr$|^ct (?:proto-|protocol)/),
  };
  ASKS.set(keys, made);
  return made;
}
