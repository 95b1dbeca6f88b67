import { listMatches, listNextChains, listTargets } from "../../model/rule-parts.ts";
import type { Chain, Rule, Table } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { findHooks, findLoops } from "../chain-graph.ts";

/** What the kernel or nft would refuse, at the rule that has it; null where it is a chain's. */
export interface NftFault {
  readonly rule: Rule | null;
  readonly message: string;
}

/** Gives everything about a table that nft or the kernel refuses: jumps to nowhere, loops, and targets where they cannot stand. */
export function checkNftTable(table: Table): readonly NftFault[] {
  const chains = new Map(table.chains.map((chain) => [chain.name, chain]));
  const hooks = findHooks(table);
  return [
    ...table.chains.flatMap((chain) => chain.rules.flatMap((rule) => findLostJumps(rule, chain, table, chains))),
    ...findLoops(table),
    ...table.chains.flatMap((chain) => {
      const bases = [...(hooks.get(chain.name) ?? [])].flatMap((name) => chains.get(name) ?? []);
      return chain.rules.flatMap((rule) => checkRule(rule, table, bases));
    }),
  ];
}

const NO_FAULTS: readonly NftFault[] = [];

function findLostJumps(
  rule: Rule,
  chain: Chain,
  table: Table,
  chains: ReadonlyMap<string, Chain>,
): readonly NftFault[] {
  const nexts = listNextChains(rule);
  if (nexts.length === 0) return NO_FAULTS;
  return nexts.flatMap((next) => {
    const found = chains.get(next);
    if (found?.base === null) return NO_FAULTS;
    const reason = found
      ? `${next} is a base chain, which no rule can jump or go to`
      : `the table ${table.name} has no chain ${next}`;
    return [{ rule, message: `The chain ${chain.name} goes to ${next}, but ${reason}.` }];
  });
}

function checkRule(rule: Rule, table: Table, bases: readonly Chain[]): readonly NftFault[] {
  const messages: string[] = [];
  for (const target of listTargets(rule))
    messages.push(...checkPlace(target, bases), ...checkFamily(target, rule, table), ...checkTransport(target, rule));
  messages.push(...checkFamilies(rule, table));
  return messages.length === 0 ? NO_FAULTS : messages.map((message) => ({ rule, message }));
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
      : [];
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
      : [];
  }
  if (target.kind !== "reject" || family === "inet") return NOTHING_WRONG;
  const other = family === "ip" ? "icmp6-" : "icmp-";
  const isOther = target.with.startsWith("icmpx-") || target.with.startsWith(other);
  return isOther ? [`An ${family} table cannot reject with ${target.with}; nft refuses this.`] : [];
}

function namesFamily(rule: Rule): boolean {
  return listMatches(rule).some(
    (match) => match.kind === "compare" && match.keys.some(({ name }) => /^ip6? /.test(name)),
  );
}

const TRANSLATING: readonly Target["kind"][] = ["redirect", "dnat", "snat", "masquerade", "tproxy-socket"];

/** A port can be translated only where the rule asks for a protocol that has ports (src/evaluate.c, `nat_evaluate_transport`). */
function checkTransport(target: Target, rule: Rule): readonly string[] {
  const ports = target.kind === "tproxy-socket" ? target.port : "ports" in target ? target.ports : null;
  if (ports === null || !TRANSLATING.includes(target.kind)) return NOTHING_WRONG;
  const asksTransport = listMatches(rule).some(
    (match) =>
      match.kind === "unknown" ||
      (match.kind === "compare" &&
        match.keys.some(({ name }) =>
          /^(?:tcp|udp|th) |^meta l4proto$|^ip protocol$|^ip6 nexthdr$|^ct (?:proto-|protocol)/.test(name),
        )),
  );
  return asksTransport
    ? NOTHING_WRONG
    : [
        "A port can be translated only after a match on the transport protocol, such as meta l4proto tcp; nft refuses this.",
      ];
}

/** No packet is of both families (src/payload.c: "conflicting protocols specified"). */
function checkFamilies(rule: Rule, { family }: Table): readonly string[] {
  const [hasIp, hasIp6] = [asksFor("ip ", rule), asksFor("ip6 ", rule)];
  if (hasIp && hasIp6) return ["A rule cannot compare fields of both ip and ip6; nft refuses this."];
  if (family === "ip" && hasIp6) return ["A table of ip cannot compare fields of ip6; nft refuses this."];
  return family === "ip6" && hasIp ? ["A table of ip6 cannot compare fields of ip; nft refuses this."] : NOTHING_WRONG;
}

function asksFor(protocol: "ip " | "ip6 ", { matches }: Rule): boolean {
  for (const match of matches)
    if (match.kind === "compare") for (const { name } of match.keys) if (name.startsWith(protocol)) return true;
  return false;
}
