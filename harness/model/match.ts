// Long because each kind of match has its type here.
import type { Network } from "./address.ts";
import type { CompareMatch, ConnectionEnd } from "./compare.ts";

/** A range of whole numbers, both ends included: one port is `{ first: 80, last: 80 }`. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Connection tracking states, as `-m conntrack --ctstate` and `-m state --state` print them. */
export type ConntrackState = "INVALID" | "NEW" | "ESTABLISHED" | "RELATED" | "UNTRACKED" | "SNAT" | "DNAT";

/**
 * One match of a rule (iptables-extensions(8), nft(8)). All matches of a rule must hold.
 * `negated` is the `!` before the option. A match that is not understood is kept as text (`unknown`) and never dropped;
 * whatever depends on it is reported as unknown.
 */
export type Match =
  | ProtocolMatch
  | AddressMatch
  | InterfaceMatch
  | FragmentMatch
  | PortMatch
  | TcpFlagsMatch
  | MultiportMatch
  | AddressRangeMatch
  | OwnerMatch
  | StateMatch
  | ConnectionMatch
  | MarkMatch
  | SocketMatch
  | AddressTypeMatch
  | IcmpTypeMatch
  | CommentMatch
  | CompareMatch
  | UnknownMatch;

/** `-p tcp`; the name as iptables prints it (`tcp`, `udp`, `icmp`, `ipv6-icmp`), or its number as text where it has no name. */
export interface ProtocolMatch {
  readonly kind: "protocol";
  readonly negated: boolean;
  readonly protocol: string;
}

/** `-s 10.0.0.0/8`, `! -d 127.0.0.1/32`. */
export interface AddressMatch {
  readonly kind: "source" | "destination";
  readonly negated: boolean;
  readonly network: Network;
}

/** `-i eth0`, `-o lo`; a trailing `+` stands for any ending, as in iptables. */
export interface InterfaceMatch {
  readonly kind: "in-interface" | "out-interface";
  readonly negated: boolean;
  readonly name: string;
}

/** `-f`: second and further fragments (IPv4 only). */
export interface FragmentMatch {
  readonly kind: "fragment";
  readonly negated: boolean;
}

/** `-m tcp --dport 80`, `-m udp --sport 1024:65535`. The module is the one printed after `-m`. */
export interface PortMatch {
  readonly kind: "source-port" | "destination-port";
  readonly module: "tcp" | "udp" | "sctp" | "dccp";
  readonly negated: boolean;
  readonly ports: Range;
}

/** `-m tcp --tcp-flags FIN,SYN,RST,ACK SYN`: of the flags in `mask` exactly those in `set` are on. `--syn` is printed in this form. */
export interface TcpFlagsMatch {
  readonly kind: "tcp-flags";
  readonly negated: boolean;
  readonly mask: readonly TcpFlag[];
  readonly set: readonly TcpFlag[];
}

/** The flags of the TCP header as bits, in the order iptables prints them. */
export const TCP_FLAG_BITS = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;

/** A flag of the TCP header. */
export type TcpFlag = keyof typeof TCP_FLAG_BITS;

/**
 * `-m icmp --icmp-type 8`, `-m icmp6 ! --icmpv6-type 1/3`. The module is the one printed after `-m`: `icmp6` is that of IPv6.
 * Of `icmp` the type 255 stands for any type and code.
 */
export interface IcmpTypeMatch {
  readonly kind: "icmp-type";
  readonly module: "icmp" | "icmp6";
  readonly negated: boolean;
  /** 0–255. */
  readonly type: number;
  /** Within 0–255: one code, or all of them where the option names none. */
  readonly codes: Range;
}

/** `-m multiport --dports 80,8000:8100`; `either` is `--ports`. At most 15 slots, a range takes two. */
export interface MultiportMatch {
  readonly kind: "multiport";
  readonly negated: boolean;
  readonly side: "source" | "destination" | "either";
  readonly ports: readonly Range[];
}

/** `-m iprange --dst-range 10.0.0.1-10.0.0.9`: addresses as canonical text, both ends included. */
export interface AddressRangeMatch {
  readonly kind: "source-range" | "destination-range";
  readonly negated: boolean;
  readonly first: string;
  readonly last: string;
}

/**
 * `-m owner --uid-owner 1337`, `--gid-owner 1000-2000`, `--socket-exists`. Valid in OUTPUT and POSTROUTING only.
 * A packet without an owning file (a reset made by the kernel) matches only the negated forms.
 */
export type OwnerMatch = { readonly kind: "owner"; readonly negated: boolean } & (
  | { readonly what: "uid" | "gid"; readonly ids: Range }
  | { readonly what: "socket-exists"; readonly ids: null }
);

/** `-m conntrack --ctstate NEW,RELATED` or `-m state --state ESTABLISHED`; the module is kept so that render gives the text back. */
export interface StateMatch {
  readonly kind: "state";
  readonly module: "conntrack" | "state";
  readonly negated: boolean;
  readonly states: readonly ConntrackState[];
}

/** What `--ctstatus` asks of a connection, in the order iptables prints it. */
export const CONNECTION_STATUSES = ["EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"] as const;

/** One status of a tracked connection. */
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];

/**
 * What `-m conntrack` asks of a packet's connection beside its state. A packet without a connection matches none of them, negated or not,
 * unless `besideState`: the same `-m` has a `--ctstate` that holds, and the kernel then asks no more (conntrack_mt in xt_conntrack.c).
 */
export type ConnectionMatch = ConnectionQuestion & { readonly besideState: boolean };

/** The question of a {@link ConnectionMatch}. */
export type ConnectionQuestion =
  /** `--ctproto 6`; the number of the protocol. */
  | { readonly kind: "connection-protocol"; readonly negated: boolean; readonly protocol: number }
  /** `--ctorigsrc 10.0.0.0/8`, `--ctrepldst 10.0.0.1`. */
  | {
      readonly kind: "connection-address";
      readonly negated: boolean;
      readonly end: ConnectionEnd;
      readonly network: Network;
    }
  /** `--ctorigdstport 80:90`. */
  | { readonly kind: "connection-port"; readonly negated: boolean; readonly end: ConnectionEnd; readonly ports: Range }
  /** `--ctstatus ASSURED,CONFIRMED`: any of them; none stands for `NONE`, which no connection has. */
  | {
      readonly kind: "connection-status";
      readonly negated: boolean;
      readonly statuses: readonly ConnectionStatus[];
    }
  /** `--ctdir REPLY`; it has no negated form. */
  | { readonly kind: "connection-direction"; readonly direction: "ORIGINAL" | "REPLY" };

/** `-m mark --mark 0x539/0xffffffff`, `-m connmark --mark 0x1`: 32-bit numbers. Holds if `(mark & mask) === value`. */
export interface MarkMatch {
  readonly kind: "mark" | "connmark";
  readonly negated: boolean;
  readonly value: number;
  readonly mask: number;
}

/** `-m socket [--transparent] [--nowildcard] [--restore-skmark]`: an open socket takes this packet. */
export interface SocketMatch {
  readonly kind: "socket";
  readonly options: readonly ("transparent" | "nowildcard" | "restore-skmark")[];
}

/** `-m addrtype --dst-type LOCAL [--limit-iface-in|--limit-iface-out]`: types of the routing table, as printed. */
export interface AddressTypeMatch {
  readonly kind: "source-type" | "destination-type";
  readonly negated: boolean;
  readonly types: readonly string[];
  readonly limit: "in" | "out" | null;
}

/** `-m comment --comment "text"`: always matches. */
export interface CommentMatch {
  readonly kind: "comment";
  readonly text: string;
}

/** A match that is not understood, as it was written: `-m recent --rcheck --name x`. Its truth is unknown. */
export interface UnknownMatch {
  readonly kind: "unknown";
  readonly text: string;
}
