import { describe, expect, test } from "vitest";
import type { CompareKeyName } from "../../../harness/model/compare.ts";
import { checkPair, findChanges, load, NONE, nft6Chain, nftChain, type Pair } from "./told-pairs.ts";

const ELSEWHERE = "app -> 192.0.2.20:80";
const ELSEWHERE6 = "app -> [2001:db8::20]:80";
const INBOUND = "client -> pod:8080";
const WITHIN = "app -> localhost:8080";
const out = (...rules: readonly string[]) => nftChain("filter", "output", ...rules);
const out6 = (...rules: readonly string[]) => nft6Chain("filter", "output", ...rules);
const into = (...rules: readonly string[]) => nftChain("filter", "input", ...rules);
const before = (...rules: readonly string[]) => nftChain("filter", "prerouting", ...rules);
const captured = nftChain("nat", "output", "meta l4proto tcp redirect to :15001");
const captured6 = nft6Chain("nat", "output", "meta l4proto tcp redirect to :15001");
const into6 = (rule: string) => [...captured6, ...nft6Chain("filter", "input", `${rule} drop`)];
const [PORT, OTHER_PORT] = ["app -> 192.0.2.20:7005", "app -> 192.0.2.20:7020"];
const [BOUND, OTHER_BOUND] = ["app@:7005 -> 192.0.2.20:80", "app@:7020 -> 192.0.2.20:80"];
const [BOUND_WITHIN, OTHER_WITHIN] = ["app@:7005 -> localhost:8080", "app@:7020 -> localhost:8080"];
const asUdp = (flow: string) => `${flow}/udp`;

/** For each key of nftables two rule sets that differ in what it is compared with. */
const KEYS = {
  "meta l4proto": [out("meta l4proto tcp drop"), out("meta l4proto udp drop"), ELSEWHERE],
  "meta nfproto": [out("meta nfproto ipv4 drop"), out("meta nfproto ipv6 drop"), ELSEWHERE],
  "meta protocol": [out("meta protocol ip drop"), out("meta protocol ip6 drop"), ELSEWHERE],
  "meta iifname": [into('iifname "eth0" drop'), into('iifname "vm0" drop'), INBOUND, WITHIN],
  "meta oifname": [out('oifname "lo" drop'), NONE, WITHIN, ELSEWHERE],
  "meta iif": [into('iif "lo" drop'), NONE, WITHIN, INBOUND],
  "meta oif": [out('oif "lo" drop'), NONE, WITHIN, ELSEWHERE],
  "meta skuid": [
    out("meta skuid 2000-2010 drop"),
    NONE,
    "uid=2005,gid=5 -> 192.0.2.20:80",
    "uid=2015,gid=2005 -> 192.0.2.20:80",
  ],
  "meta skgid": [
    out("meta skgid 2000-2010 drop"),
    NONE,
    "uid=5,gid=2005 -> 192.0.2.20:80",
    "uid=2005,gid=2015 -> 192.0.2.20:80",
  ],
  "meta mark": [out("meta mark set 1", "meta mark 1 drop"), out("meta mark set 1", "meta mark 2 drop"), ELSEWHERE],
  "ct state": [out("ct state new drop"), out("ct state related drop"), ELSEWHERE],
  "ct status": [out("ct status confirmed drop"), out("ct status expected drop"), ELSEWHERE],
  "ct direction": [out("ct direction original drop"), out("ct direction reply drop"), ELSEWHERE],
  "ct mark": [out("ct mark set 1", "ct mark 1 drop"), out("ct mark set 1", "ct mark 2 drop"), ELSEWHERE],
  "ct zone": [out("ct zone 0 drop"), out("ct zone 1 drop"), ELSEWHERE],
  "ct l3proto": [out("ct l3proto ipv4 drop"), out("ct l3proto ipv6 drop"), ELSEWHERE],
  "ct protocol": [out("ct protocol tcp drop"), out("ct protocol udp drop"), ELSEWHERE],
  // The packet that the rule sees is for 127.0.0.1:15001, whatever was dialled.
  "ct saddr": [
    into("ct original ip saddr 127.0.0.16/28 drop"),
    NONE,
    "app@127.0.0.20 -> localhost:8080",
    "app@127.0.0.40 -> localhost:8080",
  ],
  "ct daddr": [
    [...captured, ...into("ct original ip daddr 192.0.2.16/28 drop")],
    captured,
    ELSEWHERE,
    "app -> 192.0.2.40:80",
  ],
  "ct proto-src": [into("ct original proto-src 7000-7010 drop"), NONE, BOUND_WITHIN, OTHER_WITHIN],
  "ct proto-dst": [[...captured, ...into("ct original proto-dst 7000-7010 drop")], captured, PORT, OTHER_PORT],
  "ip saddr": [
    out("ip saddr 127.0.0.16/28 drop"),
    NONE,
    "app@127.0.0.20 -> localhost:8080",
    "app@127.0.0.40 -> localhost:8080",
  ],
  "ip daddr": [out("ip daddr 192.0.2.16/28 drop"), NONE, ELSEWHERE, "app -> 192.0.2.40:80"],
  "ip protocol": [out("ip protocol tcp drop"), out("ip protocol udp drop"), ELSEWHERE],
  "ip ttl": [out("ip ttl 64 drop"), out("ip ttl 63 drop"), ELSEWHERE],
  "ip6 saddr": [out6("ip6 saddr ::1 drop"), out6("ip6 saddr ::2 drop"), "app@[::1] -> [::1]:8080", ELSEWHERE6],
  "ip6 daddr": [out6("ip6 daddr 2001:db8::20/124 drop"), NONE, ELSEWHERE6, "app -> [2001:db8::40]:80"],
  "ip6 nexthdr": [out6("ip6 nexthdr tcp drop"), out6("ip6 nexthdr udp drop"), ELSEWHERE6],
  "ip6 hoplimit": [out6("ip6 hoplimit 64 drop"), out6("ip6 hoplimit 63 drop"), ELSEWHERE6],
  "tcp sport": [out("tcp sport 7000-7010 drop"), out("udp sport 7000-7010 drop"), BOUND, OTHER_BOUND],
  "tcp dport": [out("tcp dport 7000-7010 drop"), out("udp dport 7000-7010 drop"), PORT, OTHER_PORT],
  "tcp flags": [out("tcp flags syn drop"), out("tcp flags urg drop"), ELSEWHERE],
  "udp sport": [out("udp sport 7000-7010 drop"), out("tcp sport 7000-7010 drop"), asUdp(BOUND), asUdp(OTHER_BOUND)],
  "udp dport": [out("udp dport 7000-7010 drop"), out("tcp dport 7000-7010 drop"), asUdp(PORT), asUdp(OTHER_PORT)],
  "th sport": [out("th sport 7000-7010 drop"), NONE, BOUND, OTHER_BOUND],
  "th dport": [out("th dport 7000-7010 drop"), NONE, asUdp(PORT), asUdp(OTHER_PORT)],
  "icmp type": [out("icmp type echo-request drop"), out("icmp type echo-reply drop"), "app -> 192.0.2.20/icmp"],
  "icmpv6 type": [
    out6("icmpv6 type echo-request drop"),
    out6("icmpv6 type echo-reply drop"),
    "app -> [2001:db8::20]/icmp",
  ],
  "fib saddr type": [into("fib saddr type local drop"), NONE, WITHIN, INBOUND],
  "fib daddr type": [out("fib daddr type local drop"), NONE, WITHIN, ELSEWHERE],
  "fib saddr oif": [before("fib saddr . iif oif exists drop"), before("fib saddr . iif oif missing drop"), INBOUND],
  "socket transparent": [before("socket transparent 0 drop"), before("socket transparent 1 drop"), INBOUND],
  "socket wildcard": [before("socket wildcard 1 drop"), before("socket wildcard 0 drop"), INBOUND],
} satisfies Record<CompareKeyName, Pair>;

describe("the diff finds another value of each key:", () => {
  test.each(Object.entries<Pair>(KEYS))("%s", (_, pair) => checkPair(pair));
});

test("the diff finds what the port that answers go to decides", () =>
  checkPair([into("ct reply proto-dst 7000-7010 drop"), NONE, BOUND_WITHIN, OTHER_WITHIN]));

test("the diff knows that no flow has the last id that a rule can name", () => {
  for (const bits of ["", " & 0xffffffff =="])
    expect(findChanges(load(out(`meta skuid${bits} 4294967295 drop`)), load(NONE))).toEqual([]);
});

describe("the diff finds what bits of a connection's end decide:", () => {
  const HOLES = "ffff:ffff:ffff:ffff:ffff:fff0:ffff:ffff";
  const PREFIX = "ffff:ffff:ffff:fff0::";
  test.each<readonly [string, Pair]>([
    [
      "an IPv6 address that names its family",
      [
        into6(`ct original ip6 daddr & ${HOLES} == 2001:db8::20`),
        captured6,
        "app -> [2001:db8::1:0:20]:80",
        "app -> [2001:db8::40]:80",
      ],
    ],
    [
      "an IPv6 address of a table that has no other",
      [
        into6(`ct original daddr & ${HOLES} == 2001:db8::20`),
        captured6,
        "app -> [2001:db8::1:0:20]:80",
        "app -> [2001:db8::40]:80",
      ],
    ],
    [
      "a part of an IPv6 address beside another key",
      [
        into6(`ct original proto-dst . ct original daddr & ${PREFIX} { 80 . 2001:db8:: }`),
        captured6,
        "app -> [2001:db8::40]:80",
        "app -> [2001:db8:1::20]:80",
      ],
    ],
    [
      "an IPv4 address of a table that has no other",
      [
        [...captured, ...into("ct original daddr & 255.255.255.247 == 192.0.2.20 drop")],
        captured,
        ELSEWHERE,
        "app -> 192.0.2.40:80",
      ],
    ],
  ])("%s", (_, pair) => checkPair(pair));
});
