import type { Family } from "../model/address.ts";
import type { Match, ProtocolMatch } from "../model/match.ts";
import type { Rule } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";

interface Place {
  readonly tables: readonly string[];
  /** Built-in chains the rule may be reached from; null for any. */
  readonly hooks: readonly string[] | null;
}

/** Where a target is valid: the `table` and `hooks` of its kernel module (net/netfilter/xt_*.c, net/ipv4/netfilter/ipt_*.c, 6.18). */
const TARGET_PLACES: Partial<Readonly<Record<Target["kind"], Place>>> = {
  drop: { tables: ["raw", "mangle", "filter"], hooks: null },
  redirect: { tables: ["nat"], hooks: ["PREROUTING", "OUTPUT"] },
  dnat: { tables: ["nat"], hooks: ["PREROUTING", "OUTPUT"] },
  snat: { tables: ["nat"], hooks: ["POSTROUTING", "INPUT"] },
  masquerade: { tables: ["nat"], hooks: ["POSTROUTING"] },
  tproxy: { tables: ["mangle"], hooks: ["PREROUTING"] },
  reject: { tables: ["filter"], hooks: ["INPUT", "FORWARD", "OUTPUT"] },
  notrack: { tables: ["raw"], hooks: null },
};
const MATCH_HOOKS: Partial<Readonly<Record<Match["kind"], readonly string[]>>> = {
  owner: ["OUTPUT", "POSTROUTING"],
  socket: ["PREROUTING", "INPUT"],
};
/** Built-in chains that no packet enters by an interface, and those it leaves by none (iptables(8), `-i`, `-o`). */
const WITHOUT_IN = ["OUTPUT", "POSTROUTING"];
const WITHOUT_OUT = ["PREROUTING", "INPUT"];
const PORT_PROTOCOLS = ["tcp", "udp", "sctp", "dccp"];
const MULTIPORT_PROTOCOLS = [...PORT_PROTOCOLS, "udplite"];

/**
 * Gives what iptables or the kernel would refuse of one rule because of where it stands, in whole sentences; empty where all is well.
 * `hooks` are the built-in chains that lead to the rule; a chain that nothing leads to is loaded unchecked, as the kernel does.
 */
export function checkRulePlacement(
  rule: Rule,
  family: Family,
  table: string,
  chain: string,
  hooks: ReadonlySet<string>,
): readonly string[] {
  return [
    ...checkTarget(rule, table, hooks),
    ...rule.matches.flatMap((match) => checkMatch(match, rule, chain, hooks)),
    ...checkFamily(rule, family),
  ];
}

function checkTarget(rule: Rule, table: string, hooks: ReadonlySet<string>): readonly string[] {
  const { target } = rule;
  const place = target && TARGET_PLACES[target.kind];
  if (!target) return [];
  const name = nameTarget(target);
  if (place && !place.tables.includes(table))
    return [`${name} is not valid in the table ${table}; it belongs to ${place.tables.join(", ")}.`];
  const strays = [...hooks].filter((hook) => place?.hooks && !place.hooks.includes(hook));
  const misplaced = strays.map(
    (hook) => `${name} is not valid in what ${hook} leads to; it belongs to ${place?.hooks?.join(" and ")}.`,
  );
  return [...misplaced, ...checkTargetProtocol(rule, target, name)];
}

function checkTargetProtocol(rule: Rule, target: Target, name: string): readonly string[] {
  const protocol = protocolOf(rule);
  const hasPorts = "ports" in target && target.ports !== null;
  if (hasPorts && !(protocol && [...PORT_PROTOCOLS, "icmp", "ipv6-icmp"].includes(protocol.protocol)))
    return [`${name} with ports needs a protocol that has ports; write -p tcp.`];
  const isPositive = protocol && !protocol.negated;
  if (target.kind === "tproxy" && !(isPositive && ["tcp", "udp"].includes(protocol.protocol)))
    return ["TPROXY needs -p tcp or -p udp."];
  const resets = target.kind === "reject" && target.with === "tcp-reset";
  return resets && !(isPositive && protocol.protocol === "tcp") ? ["REJECT --reject-with tcp-reset needs -p tcp."] : [];
}

function checkMatch(match: Match, rule: Rule, chain: string, hooks: ReadonlySet<string>): readonly string[] {
  const allowed = MATCH_HOOKS[match.kind];
  const stray = allowed && [...hooks].find((hook) => !allowed.includes(hook));
  if (stray)
    return [`-m ${match.kind} is not valid in what ${stray} leads to; it belongs to ${allowed.join(" and ")}.`];
  if (match.kind === "in-interface" && WITHOUT_IN.includes(chain)) return [`-i cannot be used in ${chain}; write -o.`];
  if (match.kind === "out-interface" && WITHOUT_OUT.includes(chain))
    return [`-o cannot be used in ${chain}; write -i.`];
  return checkMatchProtocol(match, protocolOf(rule));
}

function checkMatchProtocol(match: Match, protocol: ProtocolMatch | null): readonly string[] {
  const module = "module" in match && match.kind !== "state" ? match.module : match.kind === "tcp-flags" ? "tcp" : null;
  const isPositive = protocol !== null && !protocol.negated;
  if (module && !(isPositive && protocol.protocol === module)) return [`-m ${module} needs -p ${module}.`];
  const hasPorts = isPositive && MULTIPORT_PROTOCOLS.includes(protocol.protocol);
  return match.kind === "multiport" && !hasPorts
    ? [`-m multiport needs -p with one of ${MULTIPORT_PROTOCOLS.join(", ")}.`]
    : [];
}

function checkFamily(rule: Rule, family: Family): readonly string[] {
  const strays = rule.matches.filter((match) => "network" in match && match.network.family !== family);
  return strays.map(() => `An address of the other family stands in a rule for IPv${family}; take it out.`);
}

function protocolOf(rule: Rule): ProtocolMatch | null {
  return rule.matches.find((match) => match.kind === "protocol") ?? null;
}

function nameTarget(target: Target): string {
  return target.kind === "notrack" ? "CT --notrack" : target.kind.toUpperCase();
}
