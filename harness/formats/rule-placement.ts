import type { Family } from "../model/address.ts";
import type { Match, ProtocolMatch } from "../model/match.ts";
import type { Rule } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import { type TargetTraits, targetTraits } from "../model/target-traits.ts";
import { checkPlaces, nameChain } from "./extension-places.ts";

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
 * `placed-alike.ts` must compare whatever this asks about a rule.
 *
 * @example
 * checkRulePlacement(rule, 4, "filter", "INPUT", new Set(["INPUT"]))   // rule: -j REDIRECT
 * // ["REDIRECT is not valid in the table filter; it belongs to nat."]
 */
export function checkRulePlacement(
  rule: Rule,
  family: Family,
  table: string,
  chain: string,
  hooks: ReadonlySet<string>,
): readonly string[] {
  const protocol = protocolOf(rule);
  const checkText = (text: string) => checkPlaces(text, { table, chain, hooks, protocol });
  const found = [
    checkTarget(rule, table, chain, hooks),
    ...rule.matches.map((match) => checkMatch(match, protocol, chain, hooks)),
    ...rule.matches.map((match) => (match.kind === "unknown" ? checkText(match.text) : NOTHING)),
    rule.target?.kind === "unknown" ? checkText(rule.target.text) : NOTHING,
    checkFamily(rule, family),
  ];
  // Nearly every rule of a large set is in its place.
  return found.every(({ length }) => length === 0) ? NOTHING : found.flat();
}

const NOTHING: readonly string[] = [];

function checkTarget(rule: Rule, table: string, chain: string, hooks: ReadonlySet<string>): readonly string[] {
  const { target } = rule;
  if (!target) return NOTHING;
  const name = nameTarget(target);
  const { tables, hooks: allowed } = placeOf(target);
  if (tables && !tables.includes(table))
    return [`${name} is not valid in the table ${table}; it belongs to ${tables.join(", ")}.`];
  const strays = allowed ? [...hooks].filter((hook) => !allowed.includes(hook)) : NOTHING;
  const ofProtocol = checkTargetProtocol(rule, target, name);
  if (strays.length === 0) return ofProtocol;
  const misplaced = strays.map(
    (hook) => `${name} is not valid in ${nameChain(chain, hook)}; it belongs to ${allowed?.join(" and ")}.`,
  );
  return [...misplaced, ...ofProtocol];
}

/** Only a clamped TCPMSS is bound to hooks: it asks for the path's MTU (tcpmss_tg4_check in xt_TCPMSS.c). */
function placeOf(target: Target): Pick<TargetTraits, "tables" | "hooks"> {
  const isClamp = target.kind === "side-effect" && target.name === "TCPMSS" && target.options.includes("--clamp");
  const traits = targetTraits(target);
  return isClamp ? { ...traits, hooks: ["FORWARD", "OUTPUT", "POSTROUTING"] } : traits;
}

/** Side effects on the TCP header, which need -p tcp (the `proto` of their kernel modules; iptables-extensions(8)). */
const TCP_ONLY: readonly string[] = ["ECN", "TCPMSS", "TCPOPTSTRIP"];

function checkTargetProtocol(rule: Rule, target: Target, name: string): readonly string[] {
  const protocol = protocolOf(rule);
  const hasPorts = "ports" in target && target.ports !== null;
  if (hasPorts && !(protocol && [...PORT_PROTOCOLS, "icmp", "ipv6-icmp"].includes(protocol.protocol)))
    return [`${name} with ports needs a protocol that has ports; write -p tcp.`];
  const isPositive = protocol && !protocol.negated;
  if (target.kind === "tproxy" && !(isPositive && ["tcp", "udp"].includes(protocol.protocol)))
    return ["TPROXY needs -p tcp or -p udp."];
  const isTcp = isPositive && protocol.protocol === "tcp";
  if (target.kind === "side-effect" && TCP_ONLY.includes(target.name) && !isTcp) return [`${name} needs -p tcp.`];
  const resets = target.kind === "reject" && target.with === "tcp-reset";
  return resets && !isTcp ? ["REJECT --reject-with tcp-reset needs -p tcp."] : NOTHING;
}

function checkMatch(
  match: Match,
  protocol: ProtocolMatch | null,
  chain: string,
  hooks: ReadonlySet<string>,
): readonly string[] {
  const allowed = MATCH_HOOKS[match.kind];
  const stray = allowed && [...hooks].find((hook) => !allowed.includes(hook));
  if (stray)
    return [`-m ${match.kind} is not valid in ${nameChain(chain, stray)}; it belongs to ${allowed.join(" and ")}.`];
  if (match.kind === "in-interface" && WITHOUT_IN.includes(chain)) return [`-i cannot be used in ${chain}; write -o.`];
  if (match.kind === "out-interface" && WITHOUT_OUT.includes(chain))
    return [`-o cannot be used in ${chain}; write -i.`];
  const limit = "limit" in match ? match.limit : null;
  const without = limit === "in" ? WITHOUT_IN : limit === "out" ? WITHOUT_OUT : [];
  const far = limit && [...hooks].find((hook) => without.includes(hook));
  if (far)
    return [`--limit-iface-${limit} is not valid in ${nameChain(chain, far)}; packets have no such interface there.`];
  return checkMatchProtocol(match, protocol);
}

function checkMatchProtocol(match: Match, protocol: ProtocolMatch | null): readonly string[] {
  const module = "module" in match && match.kind !== "state" ? match.module : match.kind === "tcp-flags" ? "tcp" : null;
  const isPositive = protocol !== null && !protocol.negated;
  if (module === "icmp6")
    return isPositive && protocol.protocol === "ipv6-icmp" ? NOTHING : ["-m icmp6 needs -p icmpv6."];
  if (module && !(isPositive && protocol.protocol === module)) return [`-m ${module} needs -p ${module}.`];
  const hasPorts = isPositive && MULTIPORT_PROTOCOLS.includes(protocol.protocol);
  return match.kind === "multiport" && !hasPorts
    ? [`-m multiport needs -p with one of ${MULTIPORT_PROTOCOLS.join(", ")}.`]
    : NOTHING;
}

function checkFamily(rule: Rule, family: Family): readonly string[] {
  const isStray = (match: Match) => "network" in match && match.network.family !== family;
  if (!rule.matches.some(isStray)) return NOTHING;
  return rule.matches
    .filter(isStray)
    .map(() => `A rule for IPv${family} contains an address of the other family; remove it.`);
}

function protocolOf(rule: Rule): ProtocolMatch | null {
  return rule.matches.find((match) => match.kind === "protocol") ?? null;
}

function nameTarget(target: Target): string {
  switch (target.kind) {
    case "notrack":
      return "CT --notrack";
    case "track":
    case "zone":
      return "CT";
    case "hop-limit":
      return "TTL or HL";
    case "side-effect":
      return target.name;
    default:
      return target.kind.toUpperCase();
  }
}
