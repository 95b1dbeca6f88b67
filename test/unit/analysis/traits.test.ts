import { describe, expect, test } from "vitest";
import type { Match } from "../../../harness/model/match.ts";
import type { SideEffectName, Target } from "../../../harness/model/target.ts";
import { checkPair, findChanges, landings, load, NONE, nftChain, type Pair } from "./told-pairs.ts";

const ELSEWHERE = "app -> 192.0.2.20:80";
const redirect = (matches: string) => ["nat", `-A OUTPUT ${matches} -j REDIRECT --to-ports 15001`];
const drop = (matches: string, chain = "OUTPUT") => ["filter", `-A ${chain} ${matches} -j DROP`];
const tcp = redirect("-p tcp");

/** For each kind two rule sets that differ in that match alone; no other rule, and no host, tells the two flows apart. */
const MATCHES = {
  protocol: [tcp, redirect("-p udp"), ELSEWHERE],
  source: [redirect("-s 127.0.0.9/32 -p tcp"), NONE, "app@127.0.0.9 -> localhost:80", "app@127.0.0.10 -> localhost:80"],
  destination: [redirect("-d 192.0.2.16/28 -p tcp"), NONE, ELSEWHERE, "app -> 192.0.2.40:80"],
  "in-interface": [drop("-i eth0", "INPUT"), drop("-i vm0", "INPUT"), "client -> pod:8080", "app -> localhost:8080"],
  "out-interface": [drop("-o lo"), NONE, "app -> localhost:8080", ELSEWHERE],
  fragment: [drop("-f"), drop(""), ELSEWHERE],
  "source-port": [drop("-p tcp -m tcp --sport 1:32767"), drop("-p tcp -m tcp --sport 32768:60999"), ELSEWHERE],
  "destination-port": [
    redirect("-p tcp -m tcp --dport 7000:7010"),
    NONE,
    "app -> 192.0.2.20:7005",
    "app -> 192.0.2.20:7020",
  ],
  "tcp-flags": [drop("-p tcp -m tcp --tcp-flags SYN SYN"), drop("-p tcp -m tcp --tcp-flags URG URG"), ELSEWHERE],
  multiport: [
    redirect("-p tcp -m multiport --dports 7000:7010,7100"),
    NONE,
    "app -> 192.0.2.20:7100",
    "app -> 192.0.2.20:7050",
  ],
  "source-range": [
    redirect("-p tcp -m iprange --src-range 127.0.0.20-127.0.0.30"),
    NONE,
    "app@127.0.0.25 -> localhost:80",
    "app@127.0.0.35 -> localhost:80",
  ],
  "destination-range": [
    redirect("-p tcp -m iprange --dst-range 192.0.2.17-192.0.2.30"),
    NONE,
    ELSEWHERE,
    "app -> 192.0.2.40:80",
  ],
  owner: [
    redirect("-p tcp -m owner --gid-owner 2000-2010"),
    NONE,
    "uid=5,gid=2005 -> 192.0.2.20:80",
    "uid=5,gid=2015 -> 192.0.2.20:80",
  ],
  state: [drop("-m conntrack --ctstate NEW"), drop("-m conntrack --ctstate RELATED"), ELSEWHERE],
  "connection-protocol": [drop("-m conntrack --ctproto 6"), drop("-m conntrack --ctproto 17"), ELSEWHERE],
  // The packet that the rule sees is for 127.0.0.1:15001, whatever was dialled.
  "connection-address": [
    [...tcp, ...drop("-m conntrack --ctorigdst 192.0.2.16/28", "INPUT")],
    tcp,
    ELSEWHERE,
    "app -> 192.0.2.40:80",
  ],
  "connection-port": [
    [...tcp, ...drop("-m conntrack --ctorigdstport 7000:7010", "INPUT")],
    tcp,
    "app -> 192.0.2.20:7005",
    "app -> 192.0.2.20:7020",
  ],
  "connection-status": [drop("-m conntrack --ctstatus CONFIRMED"), drop("-m conntrack --ctstatus NONE"), ELSEWHERE],
  "connection-direction": [drop("-m conntrack --ctdir ORIGINAL"), drop("-m conntrack --ctdir REPLY"), ELSEWHERE],
  mark: [
    ["mangle", "-A OUTPUT -j MARK --set-xmark 0x1/0xffffffff", ...drop("-m mark --mark 0x1")],
    ["mangle", "-A OUTPUT -j MARK --set-xmark 0x1/0xffffffff", ...drop("-m mark --mark 0x2")],
    ELSEWHERE,
  ],
  // Before connections are tracked neither form holds.
  connmark: [
    ["raw", "-A OUTPUT -m connmark --mark 0x1 -j DROP", "-A OUTPUT -m connmark ! --mark 0x1 -j DROP"],
    ["raw", "-A OUTPUT -j DROP"],
    ELSEWHERE,
  ],
  socket: [["mangle", "-A PREROUTING -p tcp -m socket --nowildcard -j DROP"], NONE, "client -> pod:8080"],
  "source-type": [drop("-m addrtype --src-type LOCAL", "INPUT"), NONE, "app -> localhost:8080", "client -> pod:8080"],
  "destination-type": [drop("-m addrtype --dst-type LOCAL"), NONE, "app -> localhost:8080", ELSEWHERE],
  "icmp-type": [drop("-p icmp -m icmp --icmp-type 8"), drop("-p icmp -m icmp --icmp-type 0"), "app -> 192.0.2.20/icmp"],
  comment: [redirect("-p tcp -m comment --comment x"), NONE, ELSEWHERE],
  compare: [
    nftChain("nat", "output", "meta skuid 1000 tcp dport 7000-7010 redirect to :15001"),
    NONE,
    "app -> 192.0.2.20:7005",
    "app -> 192.0.2.20:7020",
  ],
  unknown: [redirect("-p tcp -m recent --rcheck --name x"), NONE, ELSEWHERE],
} satisfies Record<Match["kind"], Pair>;

const chain = (...rules: readonly string[]) => ["filter", ":C - [0:0]", ...rules];
const both = (first: string, matches: string) => ["mangle", `-A OUTPUT ${first}`, ...drop(matches)];

/** For each kind two rule sets that differ in what that target does, or does not do. */
const TARGETS = {
  accept: [chain("-A OUTPUT -j ACCEPT", "-A OUTPUT -j DROP"), chain("-A OUTPUT -j DROP"), ELSEWHERE],
  drop: [drop(""), NONE, ELSEWHERE],
  return: [
    chain("-A OUTPUT -j C", "-A C -j RETURN", "-A C -j DROP"),
    chain("-A OUTPUT -j C", "-A C -j DROP"),
    ELSEWHERE,
  ],
  jump: [chain("-A OUTPUT -j C", "-A OUTPUT -j DROP"), chain("-A OUTPUT -j C"), ELSEWHERE],
  goto: [chain("-A OUTPUT -g C", "-A OUTPUT -j DROP"), chain("-A OUTPUT -j C", "-A OUTPUT -j DROP"), ELSEWHERE],
  redirect: [tcp, NONE, ELSEWHERE],
  dnat: [["nat", "-A OUTPUT -p tcp -j DNAT --to-destination 10.244.0.2:8080"], NONE, ELSEWHERE],
  snat: [["nat", "-A POSTROUTING -o lo -p tcp -j SNAT --to-source 127.0.0.9"], NONE, "app -> localhost:8080"],
  masquerade: [["nat", "-A POSTROUTING -o lo -p tcp -j MASQUERADE"], NONE, "app -> localhost:8080"],
  tproxy: [
    ["mangle", "-A PREROUTING -p tcp -j TPROXY --on-port 15006 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0"],
    NONE,
    "client -> pod:8080",
  ],
  mark: [both("-j MARK --set-xmark 0x1/0xffffffff", "-m mark --mark 0x1"), drop("-m mark --mark 0x1"), ELSEWHERE],
  "connmark-set": [
    both("-j CONNMARK --set-xmark 0x1/0xffffffff", "-m connmark --mark 0x1"),
    drop("-m connmark --mark 0x1"),
    ELSEWHERE,
  ],
  "connmark-save": [
    [
      "mangle",
      "-A OUTPUT -j MARK --set-xmark 0x1/0xffffffff",
      "-A OUTPUT -j CONNMARK --save-mark",
      ...drop("-m connmark --mark 0x1"),
    ],
    ["mangle", "-A OUTPUT -j MARK --set-xmark 0x1/0xffffffff", ...drop("-m connmark --mark 0x1")],
    ELSEWHERE,
  ],
  "connmark-restore": [
    [
      "mangle",
      "-A OUTPUT -j CONNMARK --set-xmark 0x1/0xffffffff",
      "-A OUTPUT -j CONNMARK --restore-mark",
      ...drop("-m mark --mark 0x1"),
    ],
    ["mangle", "-A OUTPUT -j CONNMARK --set-xmark 0x1/0xffffffff", ...drop("-m mark --mark 0x1")],
    ELSEWHERE,
  ],
  notrack: [
    ["raw", "-A OUTPUT -j CT --notrack", ...drop("-m conntrack --ctstate UNTRACKED")],
    drop("-m conntrack --ctstate UNTRACKED"),
    ELSEWHERE,
  ],
  // A template keeps NOTRACK from its work, and a helper that is set may be asked for.
  track: [
    [
      "raw",
      "-A OUTPUT -p tcp -j CT --helper ftp",
      "-A OUTPUT -p tcp -j NOTRACK",
      ...drop("-m state --state UNTRACKED"),
    ],
    ["raw", "-A OUTPUT -p tcp -j NOTRACK", ...drop("-m state --state UNTRACKED")],
    ELSEWHERE,
  ],
  // The answer is looked for in zone 0, not found there, and keeps the proxy's port: the caller does not know it.
  zone: [
    ["raw", "-A OUTPUT -d 192.0.2.16/28 -p tcp --syn -j CT --zone-reply 1", ...tcp],
    tcp,
    ELSEWHERE,
    "app -> 192.0.2.40:80",
  ],
  log: [["nat", "-A OUTPUT -p tcp -j LOG", ...tcp.slice(1)], ["nat", "-A OUTPUT -p tcp -j LOG"], ELSEWHERE],
  reject: [["filter", "-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset"], NONE, ELSEWHERE],
  "hop-limit": [["mangle", "-A OUTPUT -j TTL --ttl-set 1"], NONE, ELSEWHERE, "app -> localhost:8080"],
  tee: [
    [
      "mangle",
      "-A OUTPUT -j TEE --gateway 203.0.113.9",
      "nat",
      "-A OUTPUT -p tcp -j DNAT --to-destination 10.244.0.3:80",
    ],
    ["nat", "-A OUTPUT -p tcp -j DNAT --to-destination 10.244.0.3:80"],
    ELSEWHERE,
  ],
  "side-effect": [
    ["nat", "-A OUTPUT -p tcp -j NFLOG", ...tcp.slice(1)],
    ["nat", "-A OUTPUT -p tcp -j NFLOG"],
    ELSEWHERE,
  ],
  statements: [nftChain("filter", "output", "counter drop"), nftChain("filter", "output", "counter"), ELSEWHERE],
  map: [
    nftChain("filter", "output", "tcp dport vmap { 7005 : drop, 7020 : accept }"),
    NONE,
    "app -> 192.0.2.20:7005",
    "app -> 192.0.2.20:7020",
  ],
  assign: [
    nftChain("filter", "output", "meta mark set 1", "meta mark 1 drop"),
    nftChain("filter", "output", "meta mark set 2", "meta mark 1 drop"),
    ELSEWHERE,
  ],
  "tproxy-socket": [nftChain("filter", "prerouting", "meta l4proto tcp tproxy to :15006"), NONE, "client -> pod:8080"],
  counter: [nftChain("filter", "output", "counter", "drop"), nftChain("filter", "output", "counter"), ELSEWHERE],
  continue: [nftChain("filter", "output", "continue", "drop"), nftChain("filter", "output", "continue"), ELSEWHERE],
  unknown: [["mangle", "-A OUTPUT -j NFQUEUE --queue-num 1"], NONE, ELSEWHERE],
} satisfies Record<Target["kind"], Pair>;

/** Every target that only has a side effect, where its kernel module takes it, with a match that reads what it changes, if any does. */
const SIDE_EFFECTS = {
  NFLOG: ["OUTPUT -j NFLOG --nflog-group 5", null],
  ULOG: ["OUTPUT -j ULOG --ulog-nlgroup 2", null],
  TRACE: ["OUTPUT -j TRACE", null],
  AUDIT: ["OUTPUT -j AUDIT --type drop", null],
  CLASSIFY: ["OUTPUT -j CLASSIFY --set-class 0001:0010", "-m bpf --bytecode x"],
  CHECKSUM: ["OUTPUT -j CHECKSUM --checksum-fill", "-m u32 --u32 0x0=0x0"],
  TOS: ["OUTPUT -j TOS --set-tos 0x10/0xff", "-m tos --tos 0x10"],
  DSCP: ["OUTPUT -j DSCP --set-dscp 0x20", "-m dscp --dscp 0x20"],
  ECN: ["OUTPUT -p tcp -j ECN --ecn-tcp-remove", "-m ecn --ecn-tcp-ece"],
  TCPMSS: ["OUTPUT -p tcp -j TCPMSS --set-mss 1400", "-m tcpmss --mss 1400"],
  TCPOPTSTRIP: ["OUTPUT -p tcp -j TCPOPTSTRIP --strip-options 4,5", "-m tcp --tcp-option 4"],
  IDLETIMER: ["OUTPUT -j IDLETIMER --timeout 5 --label x", null],
  SET: ["OUTPUT -j SET --add-set x src", "-m set --match-set x src"],
  SECMARK: ["OUTPUT -j SECMARK --selctx x", "-m unheard-of --of x"],
  CONNSECMARK: ["OUTPUT -j CONNSECMARK --save", "-m unheard-of --of x"],
  LED: ["OUTPUT -j LED --led-trigger-id x", null],
  RATEEST: [
    "OUTPUT -j RATEEST --rateest-name x --rateest-interval 250.0ms --rateest-ewmalog 500.0ms",
    "-m rateest --rateest x",
  ],
} satisfies Record<SideEffectName, readonly [rule: string, reader: string | null]>;

describe("the diff finds a changed value of each kind of match:", () => {
  test.each(Object.entries<Pair>(MATCHES))("%s", (_, pair) => checkPair(pair));
});

describe("the diff finds a changed effect of each kind of target:", () => {
  test.each(Object.entries<Pair>(TARGETS))("%s", (_, pair) => checkPair(pair));
});

describe("a target that only has a side effect", () => {
  const tableOf = (name: string) => (name === "TRACE" ? "raw" : "mangle");
  const effects = Object.entries<readonly [string, string | null]>(SIDE_EFFECTS);
  test.each(effects)("lets the next rule decide, as if it were not there: %s", (name, [rule]) => {
    const [logging, plain] = [load([tableOf(name), `-A ${rule}`, ...tcp]), load(tcp)];
    expect(landings([logging], ELSEWHERE)).toEqual(landings([plain], ELSEWHERE));
    expect(findChanges(logging, plain)).toEqual([]);
    expect(findChanges(logging, load([tableOf(name), `-A ${rule}`])).length).toBeGreaterThan(0);
  });
  test.each(effects.filter(([, [, reader]]) => reader !== null))(
    "is never ignored if a match may read what it changes: %s",
    (name, [rule, reader]) => {
      const reading = drop(`-p tcp ${reader}`);
      const changes = findChanges(load([tableOf(name), `-A ${rule}`, ...reading]), load(reading));
      expect(changes.map(({ before }) => before.kind)).toContain("could-not-look");
    },
  );
});
