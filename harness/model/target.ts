import type { CompareElement, CompareKey } from "./compare.ts";
import type { Match, Range } from "./match.ts";

/**
 * What a rule does with a packet that matches (iptables(8), iptables-extensions(8)). A rule without target only counts.
 * A target that is not understood is kept as text (`unknown`) and never dropped.
 */
export type Target =
  | { readonly kind: "accept" }
  | { readonly kind: "drop" }
  | { readonly kind: "return" }
  /** `-j CHAIN`: a user-defined chain; what falls through comes back to the next rule. */
  | { readonly kind: "jump"; readonly chain: string }
  /** `-g CHAIN`: what falls through comes back to the caller's caller. */
  | { readonly kind: "goto"; readonly chain: string }
  /** `-j REDIRECT --to-ports 15001`; without ports the destination port stays. Needs `-p` with ports. nat PREROUTING and OUTPUT. */
  | { readonly kind: "redirect"; readonly ports: Range | null; readonly random: boolean }
  | NatTarget
  | { readonly kind: "masquerade"; readonly ports: Range | null; readonly flags: readonly string[] }
  | TproxyTarget
  | MarkTarget
  | ConnmarkTarget
  /** `-j CT --notrack`, `-j NOTRACK`, or nft's `notrack`. */
  | { readonly kind: "notrack"; readonly module: "CT" | "NOTRACK" | "nft" }
  /** `-j CT --helper ftp`, `--timeout`, `--ctevents`, `--expevents`: `options` as printed. Other uses of CT are kept as unknown. */
  | { readonly kind: "track"; readonly options: string }
  | ZoneTarget
  /** `-j LOG`: counts as no verdict. `options` is the text after it, as printed. */
  | { readonly kind: "log"; readonly options: string }
  | HopLimitTarget
  /** `-j TEE --gateway 10.0.0.9`: the packet goes on, and a copy of it goes to the gateway. Canonical text. */
  | { readonly kind: "tee"; readonly gateway: string }
  | SideEffectTarget
  /** `-j REJECT --reject-with icmp-port-unreachable`; `with` as printed. */
  | { readonly kind: "reject"; readonly with: string }
  | StatementsTarget
  | MapTarget
  | AssignTarget
  | SocketTarget
  /** nft's `counter`, or a table's named one: counts, and the next statement follows. */
  | { readonly kind: "counter"; readonly name: string | null }
  /** nft's verdict `continue`: the next rule follows. */
  | { readonly kind: "continue" }
  | { readonly kind: "unknown"; readonly text: string };

/** A statement of nftables: a match that ends the rule where it does not hold, or something to be done. */
export type Statement = { readonly match: Match } | { readonly target: Target };

/**
 * What follows a rule's first matches where that is more than one target (nft(8), STATEMENTS): each statement in order, until a match
 * does not hold or a target decides. What was done before a match that does not hold stays done.
 *
 * @example meta mark set 1 accept
 * { kind: "statements", statements: [{ target: … }, { target: { kind: "accept" } }] }
 */
export interface StatementsTarget {
  readonly kind: "statements";
  readonly statements: readonly Statement[];
}

/**
 * One of several targets, chosen by what keys read: `vmap { 80 : drop }`, `redirect to :tcp dport map { 80 : 8080 }`. Where nothing holds
 * the value, or a key reads nothing, the next rule follows.
 */
export interface MapTarget {
  readonly kind: "map";
  readonly keys: readonly CompareKey[];
  /** The first that holds the value is taken; null elements (`*`) hold every value, and come last. */
  readonly branches: readonly { readonly element: CompareElement | null; readonly target: Target }[];
  /** The name of the table's map; null for an anonymous one. */
  readonly map: string | null;
}

/** `meta mark set ct mark & 0xff ^ 1`, `ct mark set 7`: `to = (from & and) ^ xor`, all 32-bit numbers. */
export interface AssignTarget {
  readonly kind: "assign";
  readonly to: "packet" | "connection";
  /** `value`: the number `xor` itself. */
  readonly from: "packet" | "connection" | "value";
  readonly and: number;
  readonly xor: number;
}

/**
 * nft's `tproxy to :15006`: gives a packet to a transparent listener, and the next statement follows. Without one the rule ends and the
 * next follows (net/netfilter/nft_tproxy.c), which is not so with {@link TproxyTarget}. A null port is the packet's own.
 */
export interface SocketTarget {
  readonly kind: "tproxy-socket";
  readonly port: number | null;
  readonly address: string | null;
  /** In a table of both families, the one that it is for: a packet of the other goes on at the next rule. */
  readonly family?: "ip" | "ip6";
}

/** `-j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90`, `-j SNAT --to-source …`. Null where that part is not given. */
export interface NatTarget {
  readonly kind: "dnat" | "snat";
  /** First and last address, canonical text. */
  readonly addresses: { readonly first: string; readonly last: string } | null;
  readonly ports: Range | null;
  /** `random`, `random-fully`, `persistent`: options as printed, without dashes. */
  readonly flags: readonly string[];
  /** Of nft's in a table of both families, the one that is translated: a packet of the other goes on at the next rule. */
  readonly family?: "ip" | "ip6";
}

/** `-j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff`. mangle PREROUTING only, tcp and udp. */
export interface TproxyTarget {
  readonly kind: "tproxy";
  readonly port: number;
  /** Canonical text; null or the unspecified address stands for the interface's primary address. */
  readonly address: string | null;
  readonly mark: { readonly value: number; readonly mask: number };
}

/**
 * `-j MARK --set-xmark value/mask`: `mark = (mark & ~mask) ^ value`. `--set-mark`, `--and-mark`, `--or-mark`, `--xor-mark` print in this
 * form.
 */
export interface MarkTarget {
  readonly kind: "mark";
  readonly value: number;
  readonly mask: number;
}

/** `-j CONNMARK --set-xmark v/m`, `--save-mark [--nfmask m --ctmask m]`, `--restore-mark …`. */
export type ConnmarkTarget =
  | { readonly kind: "connmark-set"; readonly value: number; readonly mask: number }
  | { readonly kind: "connmark-save" | "connmark-restore"; readonly nfmask: number; readonly ctmask: number };

/**
 * `-j CT --zone 1`, `--zone-orig 1`, `--zone-reply mark`: the conntrack zone of one or both directions of a connection. The same tuple in
 * another zone is another connection. Together with other options of CT it is kept as unknown; zone 0 is the default and not printed.
 * nft's `ct zone set 1` (`module` is `nft`) also tracks a packet that was not to be tracked: `nft_ct_set_zone_eval` in
 * net/netfilter/nft_ct.c looks only for a connection or a template, `xt_ct_target` in net/netfilter/xt_CT.c for any note at all.
 */
export interface ZoneTarget {
  readonly kind: "zone";
  readonly module: "CT" | "nft";
  readonly direction: "both" | "original" | "reply";
  /** 1–65535, or the lower 16 bits of the packet's mark. */
  readonly zone: number | "mark";
}

/** `-j TTL --ttl-set 64`, `-j HL --hl-dec 1`: TTL is IPv4's, HL is IPv6's. mangle only. */
export interface HopLimitTarget {
  readonly kind: "hop-limit";
  readonly change: "set" | "dec" | "inc";
  /** 0 … 255. */
  readonly value: number;
}

/** Targets that decide nothing and rewrite nothing that the simulator follows: the next rule is always asked. */
export type SideEffectName =
  | "NFLOG"
  | "ULOG"
  | "TRACE"
  | "AUDIT"
  | "CLASSIFY"
  | "CHECKSUM"
  | "TOS"
  | "DSCP"
  | "ECN"
  | "TCPMSS"
  | "TCPOPTSTRIP"
  | "IDLETIMER"
  | "SET"
  | "SECMARK"
  | "CONNSECMARK"
  | "LED"
  | "RATEEST";

/** `-j NFLOG --nflog-group 5`: `options` is the text after the name, as printed. What each changes: `target-traits.ts`. */
export interface SideEffectTarget {
  readonly kind: "side-effect";
  readonly name: SideEffectName;
  readonly options: string;
}
