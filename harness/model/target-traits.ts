import type { SideEffectName, Target } from "./target.ts";

/**
 * What a target may change in a packet, or keep about it, that the simulator does not follow and that only matches which are kept as text
 * can read. `length`: the packet's size; `helper`: the connection's helper; `priority`: its class for traffic control.
 */
export type HiddenAttribute =
  | "checksum"
  | "helper"
  | "hop-limit"
  | "length"
  | "priority"
  | "rate"
  | "security-mark"
  | "sets"
  | "tcp-header"
  | "tos";

/** What holds of every target of one kind, wherever it stands. */
export interface TargetTraits {
  /** Tables that take it; null for all. */
  readonly tables: readonly string[] | null;
  /** Built-in chains that may lead to it; null for all. */
  readonly hooks: readonly string[] | null;
  /** Whether a rule with it switches connection tracking on in its network namespace. */
  readonly tracking: "switches-on" | "leaves";
  readonly changes: readonly HiddenAttribute[];
}

const ANYWHERE: TargetTraits = { tables: null, hooks: null, tracking: "leaves", changes: [] };
const MANGLE: TargetTraits = { ...ANYWHERE, tables: ["mangle"] };
const NAT: TargetTraits = { ...ANYWHERE, tables: ["nat"], tracking: "switches-on" };
const CONNMARK: TargetTraits = { ...ANYWHERE, tracking: "switches-on" };
const SENT = ["FORWARD", "OUTPUT", "POSTROUTING"];

/**
 * By name, each with what its section of iptables-extensions(8) says. Places: the `table` and `hooks` of the kernel's modules
 * (net/netfilter/xt_*.c, net/ipv4/netfilter/ipt_*.c, 6.18).
 */
const SIDE_EFFECT_TRAITS = {
  /** NFLOG: "logging of matching packets"; a non-terminating target. */
  NFLOG: ANYWHERE,
  /** ULOG (IPv4, before Linux 3.17): as NFLOG, "deprecated … in favor of NFLOG". */
  ULOG: ANYWHERE,
  /** TRACE: "marks packets so that the kernel will log every rule which match the packets". */
  TRACE: { ...ANYWHERE, tables: ["raw"] },
  /** AUDIT: "create audit records for packets". Its `--type` decides nothing. */
  AUDIT: ANYWHERE,
  /** CLASSIFY: "set the skb->priority value (and thus classify the packet into a specific CBQ class)". */
  CLASSIFY: { ...ANYWHERE, hooks: SENT, changes: ["priority"] },
  /** CHECKSUM: "selectively works around broken/old applications": fills in the checksum. */
  CHECKSUM: { ...MANGLE, changes: ["checksum"] },
  /** TOS: "sets the Type of Service field in the IPv4 header … or the Priority field in the IPv6 header". */
  TOS: { ...MANGLE, changes: ["tos"] },
  /** DSCP: "alter the value of the DSCP bits within the TOS header". */
  DSCP: { ...MANGLE, changes: ["tos"] },
  /** ECN (IPv4): "work around known ECN blackholes": clears the ECN bits of the TCP header. */
  ECN: { ...MANGLE, changes: ["tcp-header"] },
  /** TCPMSS: "alter the MSS value of TCP SYN packets". */
  TCPMSS: { ...ANYWHERE, changes: ["tcp-header", "length"] },
  /** TCPOPTSTRIP: "strip TCP options off a TCP packet. (It will actually replace them by NO-OPs.)" */
  TCPOPTSTRIP: { ...MANGLE, changes: ["tcp-header"] },
  /** IDLETIMER: "identify when interfaces have been idle for a certain period of time". */
  IDLETIMER: ANYWHERE,
  /** SET: "adds and/or deletes entries from IP sets". With `--map-set` it is not of this kind: it may set marks. */
  SET: { ...ANYWHERE, changes: ["sets"] },
  /** SECMARK: "set the security mark value associated with the packet for use by security subsystems such as SELinux". */
  SECMARK: { ...ANYWHERE, tables: ["mangle", "security"], changes: ["security-mark"] },
  /** CONNSECMARK: "copies security markings from packets to connections … and from connections back to packets". */
  CONNSECMARK: { ...ANYWHERE, tables: ["mangle", "security"], tracking: "switches-on", changes: ["security-mark"] },
  /** LED: "creates an LED-trigger that can then be attached to system indicator lights". */
  LED: ANYWHERE,
  /** RATEEST: "collects statistics, performs rate estimation calculation and saves the results". */
  RATEEST: { ...ANYWHERE, changes: ["rate"] },
} satisfies Record<SideEffectName, TargetTraits>;

/** By kind. Places: the `table` and `hooks` of the kernel's modules (net/netfilter/xt_*.c, net/ipv4/netfilter/ipt_*.c, 6.18). */
const TARGET_TRAITS = {
  accept: ANYWHERE,
  // The nat table is not for filtering (iptables(8)).
  drop: { ...ANYWHERE, tables: ["raw", "mangle", "filter", "security"] },
  return: ANYWHERE,
  jump: ANYWHERE,
  goto: ANYWHERE,
  redirect: { ...NAT, hooks: ["PREROUTING", "OUTPUT"] },
  dnat: { ...NAT, hooks: ["PREROUTING", "OUTPUT"] },
  snat: { ...NAT, hooks: ["POSTROUTING", "INPUT"] },
  masquerade: { ...NAT, hooks: ["POSTROUTING"] },
  tproxy: { ...MANGLE, hooks: ["PREROUTING"] },
  mark: ANYWHERE,
  "connmark-set": CONNMARK,
  "connmark-save": CONNMARK,
  "connmark-restore": CONNMARK,
  // xt_ct_tg_check in xt_CT.c returns before nf_ct_netns_get where all it says is --notrack.
  notrack: { ...ANYWHERE, tables: ["raw"] },
  track: { ...ANYWHERE, tables: ["raw"], tracking: "switches-on", changes: ["helper"] },
  // Zones decide which connection a packet belongs to, which the simulator follows.
  zone: { ...ANYWHERE, tables: ["raw"], tracking: "switches-on" },
  log: ANYWHERE,
  reject: { ...ANYWHERE, tables: ["filter"], hooks: ["INPUT", "FORWARD", "OUTPUT"] },
  "hop-limit": { ...MANGLE, changes: ["hop-limit"] },
  tee: ANYWHERE,
  "side-effect": ANYWHERE,
  // Each target inside has its own traits.
  statements: ANYWHERE,
  map: ANYWHERE,
  // Those that read or set a connection's mark are told by `targetTraits`.
  assign: ANYWHERE,
  "tproxy-socket": ANYWHERE,
  counter: ANYWHERE,
  continue: ANYWHERE,
  // It may: what the nat chains say of such a rule must not be lost.
  unknown: { ...ANYWHERE, tracking: "switches-on" },
} satisfies Record<Target["kind"], TargetTraits>;

/**
 * Gives what holds of a target: where the kernel takes it, and what it changes that only matches kept as text can read.
 *
 * @example
 * targetTraits({ kind: "side-effect", name: "DSCP", options: "--set-dscp 0x20" })
 * // { tables: ["mangle"], hooks: null, tracking: "leaves", changes: ["tos"] }
 */
export function targetTraits(target: Target): TargetTraits {
  // Stryker disable next-line ConditionalExpression: no target of another kind has these fields
  const isAssigned = target.kind === "assign";
  if (isAssigned && (target.to === "connection" || target.from === "connection")) return CONNMARK;
  return target.kind === "side-effect" ? SIDE_EFFECT_TRAITS[target.name] : TARGET_TRAITS[target.kind];
}
