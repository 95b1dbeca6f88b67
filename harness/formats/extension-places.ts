import type { ProtocolMatch } from "../model/match.ts";
import { protocolNumber } from "./protocols.ts";

/** Where the kernel takes a match or target that landfall keeps as text; what is left out may be anything. */
interface Places {
  readonly tables?: readonly string[];
  /** Built-in chains that may lead to it. */
  readonly hooks?: readonly string[];
  /** The protocols of which one must be named with `-p`, by number. */
  readonly protocols?: readonly number[];
}

/** The same where it depends on the options given. */
type OptionPlaces = (given: (option: string) => boolean) => Places;

const TCP = 6;
const COMING = ["PREROUTING", "INPUT", "FORWARD"];
const GOING = ["FORWARD", "OUTPUT", "POSTROUTING"];
const ALL = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

/**
 * By module: the `table`, `hooks`, `proto` and `checkentry` of the kernel's modules (net/netfilter/xt_NAME.c, net/ipv4/netfilter/ipt_NAME.c
 * and net/ipv6/netfilter/ip6t_NAME.c, 6.18). `given` says whether the rule has an option.
 */
const MATCH_PLACES: Readonly<Record<string, Places | OptionPlaces>> = {
  ah: { protocols: [51] },
  cgroup: { hooks: ["INPUT", "OUTPUT", "POSTROUTING"] },
  devgroup: (given) => ({
    hooks: ALL.filter(
      (hook) => (!given("--src-group") || COMING.includes(hook)) && (!given("--dst-group") || GOING.includes(hook)),
    ),
  }),
  ecn: (given) => (given("--ecn-tcp-cwr") || given("--ecn-tcp-ece") ? { protocols: [TCP] } : {}),
  esp: { protocols: [50] },
  ipcomp: { protocols: [108] },
  mac: { hooks: COMING },
  mh: { protocols: [135] },
  osf: { hooks: COMING, protocols: [TCP] },
  // Without --physdev-is-bridged a packet that is sent does not know its bridge port yet (physdev_mt_check).
  physdev: (given) =>
    (given("--physdev-out") || given("--physdev-is-out")) && !given("--physdev-is-bridged")
      ? { hooks: ALL.filter((hook) => hook !== "OUTPUT") }
      : {},
  policy: (given) => ({ hooks: given("--dir in") ? COMING : GOING }),
  realm: { hooks: ALL.filter((hook) => hook !== "PREROUTING") },
  rpfilter: { tables: ["raw", "mangle"], hooks: ["PREROUTING"] },
  tcpmss: { protocols: [TCP] },
};
const TARGET_PLACES: Readonly<Record<string, Places>> = {
  NETMAP: { tables: ["nat"], hooks: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"] },
  SYNPROXY: { hooks: ["INPUT", "FORWARD"], protocols: [TCP] },
};

/**
 * Names a chain, and the built-in one that leads to it.
 *
 * @example
 * nameChain("ISTIO_INBOUND", "PREROUTING")   // "the chain ISTIO_INBOUND, which PREROUTING reaches"
 */
export function nameChain(chain: string, hook: string): string {
  return chain === hook ? `the chain ${hook}` : `the chain ${chain}, which ${hook} reaches`;
}

/** Where a rule stands, and what it says of its protocol. */
export interface RuleSetting {
  readonly table: string;
  readonly chain: string;
  /** The built-in chains that lead to the rule. */
  readonly hooks: ReadonlySet<string>;
  readonly protocol: ProtocolMatch | null;
}

/**
 * Says why the kernel refuses a match or target that is kept as text where it stands, in whole sentences; empty where it takes it, and for
 * one that is not known.
 *
 * @example
 * checkPlaces("-m rpfilter", { table: "nat", chain: "OUTPUT", hooks: new Set(["OUTPUT"]), protocol: null })
 * // ["-m rpfilter is not valid in the table nat; it belongs to raw, mangle."]
 */
export function checkPlaces(text: string, { table, chain, hooks, protocol }: RuleSetting): readonly string[] {
  const [, letter, name = ""] = /^-([mj]) (\S+)/.exec(text) ?? [];
  const places = findPlaces(text, letter === "j" ? TARGET_PLACES : MATCH_PLACES, name);
  const what = letter === "j" ? name : `-m ${name}`;
  if (places.tables && !places.tables.includes(table))
    return [`${what} is not valid in the table ${table}; it belongs to ${places.tables.join(", ")}.`];
  const { hooks: own, protocols } = places;
  const stray = [...hooks].find((hook) => own && !own.includes(hook));
  if (stray !== undefined)
    return [`${what} is not valid in ${nameChain(chain, stray)}; it belongs to ${own?.join(" and ") || "no chain"}.`];
  const named = protocol === null || protocol.negated ? null : protocolNumber(protocol.protocol);
  return !protocols || (named !== null && protocols.includes(named))
    ? []
    : [`${what} needs -p ${nameProtocol(protocols[0] ?? 0)}.`];
}

function findPlaces(text: string, known: Readonly<Record<string, Places | OptionPlaces>>, name: string): Places {
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  return typeof found === "function" ? found((option) => ` ${text} `.includes(` ${option} `)) : (found ?? {});
}

function nameProtocol(number: number): string {
  return { 1: "icmp", 6: "tcp", 50: "esp", 51: "ah", 58: "icmpv6", 108: "ipcomp", 135: "mh" }[number] ?? String(number);
}
