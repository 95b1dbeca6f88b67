// Long because it holds every option of every extension that iptables 1.8.9 comes with.
/*
 * The options of every match and target of iptables 1.8.9, read from its libraries (`x6_options` and `extra_opts` of each extension in
 * libxtables.so.12; the struct is `xt_option_entry` in xtables.h). One option: its name; `!` it can be negated, `+` it must be given, `*`
 * it can be given several times, `=NAME` it is another name of NAME; what it takes; the least and the most; `not` and `with` options.
 */

/** Matches that are alike in both families. */
export const MATCH_OPTIONS: Readonly<Record<string, string>> = {
  addrtype:
    "src-type! text; dst-type! text; limit-iface-in flag not limit-iface-out; limit-iface-out flag not limit-iface-in",
  bpf: "bytecode text; object-pinned text",
  cgroup: "path! text; cgroup! u32",
  cluster:
    "cluster-total-nodes+ u32 1..32; cluster-local-node! u32 1..32 not cluster-local-nodemask; cluster-local-nodemask! u32 1..32 not cluster-local-node; cluster-hash-seed+ u32",
  comment: "comment+ text",
  connbytes: "connbytes!+ u64-range; connbytes-dir+ text; connbytes-mode+ text",
  connlabel: "label!+ text 1..; set flag",
  connlimit:
    "connlimit-upto! u32 not connlimit-above; connlimit-above! u32 not connlimit-upto; connlimit-mask length-or-mask; connlimit-saddr flag not connlimit-daddr; connlimit-daddr flag not connlimit-saddr",
  connmark: "mark!+ mark",
  conntrack:
    "ctstate! text; ctproto! protocol; ctorigsrc! network; ctorigdst! network; ctreplsrc! network; ctrepldst! network; ctstatus! text; ctexpire! u32-range; ctorigsrcport! port-range; ctorigdstport! port-range; ctreplsrcport! port-range; ctrepldstport! port-range; ctdir text",
  cpu: "cpu!+ u32",
  dccp: "source-port! port-range; sport!=source-port port-range; destination-port! port-range; dport!=destination-port port-range; dccp-types! text; dccp-option! u8 1..255",
  devgroup: "src-group! text; dst-group! text",
  dscp: "dscp! u8 0..63 not dscp-class; dscp-class! text not dscp",
  ecn: "ecn-tcp-cwr! flag; ecn-tcp-ece! flag; ecn-ip-ect! u8 0..3",
  esp: "espspi! u32-range",
  hashlimit:
    "hashlimit-upto! text not hashlimit-above; hashlimit-above! text not hashlimit-upto; hashlimit!=hashlimit-upto text not hashlimit-above; hashlimit-srcmask length; hashlimit-dstmask length; hashlimit-burst text; hashlimit-htable-size u32; hashlimit-htable-max u32; hashlimit-htable-gcinterval u32 1..; hashlimit-htable-expire u32 1..; hashlimit-mode text; hashlimit-name+ text 1..; hashlimit-rate-match flag; hashlimit-rate-interval text",
  helper: "helper!+ text",
  ipcomp: "ipcompspi! u32-range; compres flag",
  iprange: "src-range! text; dst-range! text",
  ipvs: "ipvs! flag; vproto! protocol; vaddr! network; vport! port; vdir text; vmethod! text; vportctl! port",
  length: "length!+ u16-range",
  limit: "limit text; limit-burst u32 0..10000",
  mac: "mac-source!+ mac",
  mark: "mark!+ mark",
  multiport:
    "source-ports! text not destination-ports ports; sports!=source-ports text not destination-ports ports; destination-ports! text not source-ports ports; dports!=destination-ports text not source-ports ports; ports! text not source-ports destination-ports",
  nfacct: "nfacct-name+ text 1..",
  owner: "uid-owner! text; gid-owner! text; socket-exists! flag; suppl-groups flag",
  physdev: "physdev-in! text; physdev-out! text; physdev-is-in! flag; physdev-is-out! flag; physdev-is-bridged! flag",
  pkttype: "pkt-type!+ text",
  policy:
    "dir text; pol text; strict flag; reqid!* u32; spi!* u32; tunnel-src!* network; tunnel-dst!* network; proto!* protocol; mode!* text; next* flag with strict",
  quota: "quota!+ u64",
  rateest:
    "rateest1 text; rateest text; rateest2 text; rateest-bps1 flag; rateest-pps1 flag; rateest-bps2 flag; rateest-pps2 flag; rateest-bps flag; rateest-pps flag; rateest-delta flag; rateest-lt! flag; rateest-gt! flag; rateest-eq! flag",
  recent:
    "set! flag not rcheck update remove; rcheck! flag not set update remove; update! flag not set rcheck remove; remove! flag not set rcheck update; seconds u32 1..; reap flag with seconds; hitcount u32 0..65535; rttl flag not set remove; name text; rsource flag; rdest flag; mask address",
  rpfilter: "loose flag; validmark flag; accept-local flag; invert flag",
  sctp: "source-port! text; sport!=source-port text; destination-port! text; dport!=destination-port text; chunk-types! text2",
  set: "match-set! text2; set! text2; return-nomatch! flag; update-counters! flag; packets-eq! text; packets-lt text; packets-gt text; bytes-eq! text; bytes-lt text; bytes-gt text; update-subcounters! flag",
  socket: "transparent flag; nowildcard flag; restore-skmark flag",
  state: "state!+ text",
  statistic:
    "mode+ text; probability! fraction 0..1 not every packet; every! u32 1.. not probability with packet; packet u32 not probability with every",
  string: "from u16; to u16; algo+ text; string! text not hex-string; hex-string! text not string; icase flag",
  tcp: "source-port! text; sport!=source-port text; destination-port! text; dport!=destination-port text; syn! flag; tcp-flags! text2; tcp-option! text",
  tcpmss: "mss!+ u16-range",
  time: "datestart text; datestop text; timestart text; timestop text; contiguous flag; weekdays! text; monthdays! text; localtz flag not utc; utc flag not localtz kerneltz; kerneltz flag not utc",
  tos: "tos!+ tos 0..63",
  u32: "u32!+ text",
  udp: "source-port! port-range; sport!=source-port port-range; destination-port! port-range; dport!=destination-port port-range",
};

/** Matches of IPv4 alone, or with other options there. */
export const MATCH_OPTIONS_4: Readonly<Record<string, string>> = {
  ah: "ahspi! u32-range",
  icmp: "icmp-type!+ text",
  osf: "genre!+ text; ttl u32 0..2; log u32 0..2",
  realm: "realm!+ text",
  ttl: "ttl-lt u8 not ttl-eq ttl-gt; ttl-gt u8 not ttl-eq ttl-lt; ttl-eq! u8 not ttl-lt ttl-gt; ttl=ttl-eq u8 not ttl-lt ttl-gt",
};

/** Matches of IPv6 alone, or with other options there. */
export const MATCH_OPTIONS_6: Readonly<Record<string, string>> = {
  ah: "ahspi! u32-range; ahlen! u32; ahres flag",
  dst: "dst-len! u32; dst-opts text",
  eui64: "",
  frag: "fragid! u32-range; fraglen! u32; fragres flag; fragfirst flag; fragmore flag not fraglast; fraglast flag not fragmore",
  hbh: "hbh-len! u32; hbh-opts text",
  hl: "hl-lt u8 not hl-eq hl-gt; hl-gt u8 not hl-eq hl-lt; hl-eq! u8 not hl-lt hl-gt; hl=hl-eq u8 not hl-lt hl-gt",
  icmp6: "icmpv6-type!+ text",
  ipv6header: "header!+ text; soft flag",
  mh: "mh-type! text",
  rt: "rt-type! u32; rt-segsleft! u32-range; rt-len! u32; rt-0-res flag; rt-0-addrs text; rt-0-not-strict flag",
  srh: "srh-next-hdr! u8; srh-hdr-len-eq! u8; srh-hdr-len-gt! u8; srh-hdr-len-lt! u8; srh-segs-left-eq! u8; srh-segs-left-gt! u8; srh-segs-left-lt! u8; srh-last-entry-eq! u8; srh-last-entry-gt! u8; srh-last-entry-lt! u8; srh-tag! u16; srh-psid! network; srh-nsid! network; srh-lsid! network",
};

/** Targets that are alike in both families. */
export const TARGET_OPTIONS: Readonly<Record<string, string>> = {
  AUDIT: "type+ text",
  CHECKSUM: "checksum-fill+ flag",
  CLASSIFY: "set-class+ text",
  CONNMARK:
    "set-xmark mark not set-mark save-mark restore-mark and-mark or-mark xor-mark; set-mark mark not save-mark restore-mark and-mark or-mark xor-mark set-xmark; and-mark u32 not set-mark save-mark restore-mark or-mark xor-mark set-xmark; or-mark u32 not set-mark save-mark restore-mark and-mark xor-mark set-xmark; xor-mark u32 not set-mark save-mark restore-mark and-mark or-mark set-xmark; save-mark flag not set-mark restore-mark and-mark or-mark xor-mark set-xmark; restore-mark flag not set-mark save-mark and-mark or-mark xor-mark set-xmark; left-shift-mark u8 0..32; right-shift-mark u8 0..32; ctmask u32 not mask; nfmask u32 not mask; mask u32 not ctmask nfmask",
  CONNSECMARK: "save flag not restore; restore flag not save",
  CT: "notrack flag; helper text; timeout text; ctevents text; expevents text; zone-orig text; zone-reply text; zone text",
  DNAT: "to-destination+ text; random flag; persistent flag",
  DSCP: "set-dscp u8 0..63 not set-dscp-class; set-dscp-class text not set-dscp",
  HMARK:
    "hmark-tuple text; hmark-src-prefix length-or-mask; hmark-dst-prefix length-or-mask; hmark-sport-mask u16; hmark-dport-mask u16; hmark-spi-mask u32; hmark-sport u16; hmark-dport u16; hmark-spi u32; hmark-proto-mask u16; hmark-rnd u32; hmark-mod+ u32 1..; hmark-offset u32",
  IDLETIMER: "timeout+ u32; label+ text; alarm flag",
  LED: "led-trigger-id+ text 0..16; led-delay text; led-always-blink flag",
  LOG: "log-level level; log-prefix text 1..; log-tcp-sequence flag; log-tcp-options flag; log-ip-options flag; log-uid flag; log-macdecode flag",
  MARK: "set-xmark mark not set-mark and-mark or-mark xor-mark; set-mark mark not and-mark or-mark xor-mark set-xmark; and-mark u32 not set-mark or-mark xor-mark set-xmark; or-mark u32 not set-mark and-mark xor-mark set-xmark; xor-mark u32 not set-mark and-mark or-mark set-xmark",
  MASQUERADE: "to-ports text; random flag; random-fully flag",
  NETMAP: "to+ network",
  NFLOG:
    "nflog-group u16; nflog-prefix text 1..; nflog-range u32 not nflog-size; nflog-size u32 not nflog-range; nflog-threshold u16",
  NFQUEUE:
    "queue-num u16 not queue-balance; queue-balance u16-range 0..65534 not queue-num; queue-bypass flag; queue-cpu-fanout flag with queue-balance",
  NOTRACK: "",
  RATEEST: "rateest-name+ text; rateest-interval+ text; rateest-ewmalog+ text",
  REDIRECT: "to-ports text; random flag",
  REJECT: "reject-with text",
  SECMARK: "selctx+ text",
  SET: "add-set text2; del-set text2; exist flag; timeout text; map-set text2; map-mark flag; map-prio flag; map-queue flag",
  SNAT: "to-source+ text; random flag; random-fully flag; persistent flag",
  SYNPROXY: "sack-perm flag; timestamp flag; wscale u32; mss u32; ecn flag",
  TCPOPTSTRIP: "strip-options text",
  TEE: "gateway+ address; oif text",
  TOS: "set-tos tos 0..63 not and-tos or-tos xor-tos; and-tos u8 not set-tos or-tos xor-tos; or-tos u8 not set-tos and-tos xor-tos; xor-tos u8 not set-tos and-tos or-tos",
  TPROXY: "on-port+ port; on-ip address; tproxy-mark mark",
  TRACE: "",
};

/** Targets of IPv4 alone, or with other options there. */
export const TARGET_OPTIONS_4: Readonly<Record<string, string>> = {
  CLUSTERIP:
    "new flag; hashmode text; clustermac mac; total-nodes u16 0..16; local-node u16 0..16; hash-init u32 0..4294967295",
  ECN: "ecn-tcp-remove flag not ecn-tcp-cwr ecn-tcp-ece; ecn-tcp-cwr u8 0..1 not ecn-tcp-remove; ecn-tcp-ece u8 0..1 not ecn-tcp-remove; ecn-ip-ect u8 0..3",
  TCPMSS: "set-mss u16 0..65515; clamp-mss-to-pmtu flag",
  TTL: "ttl-set u8 not ttl-inc ttl-dec; ttl-dec u8 1.. not ttl-set ttl-inc; ttl-inc u8 1.. not ttl-set ttl-dec",
  ULOG: "ulog-nlgroup u8 1..32; ulog-prefix text 1..; ulog-cprange u64; ulog-qthreshold u64 1..50",
};

/** Targets of IPv6 alone, or with other options there. */
export const TARGET_OPTIONS_6: Readonly<Record<string, string>> = {
  DNPT: "src-pfx+ network; dst-pfx+ network",
  HL: "hl-set u8 not hl-inc hl-dec; hl-dec u8 1.. not hl-set hl-inc; hl-inc u8 1.. not hl-set hl-dec",
  SNPT: "src-pfx+ network; dst-pfx+ network",
  TCPMSS: "set-mss u16 0..65495; clamp-mss-to-pmtu flag",
};
