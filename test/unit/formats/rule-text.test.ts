import { describe, expect, test } from "vitest";
import { readRule, renderRule } from "../../../harness/formats/rule-text.ts";
import { splitWords } from "../../../harness/formats/words.ts";
import type { Family } from "../../../harness/model/address.ts";
import { NAMES } from "../meshes/istio-1.4/capture-setup.ts";

function read(text: string, family: Family) {
  const split = splitWords(text);
  const words = split.kind === "words" ? split.words : [];
  return readRule(words, { family, names: NAMES, hasChain: (name) => name === "C1" });
}

/** A rule as somebody writes it, and as iptables 1.8.9 prints it after taking it in. */
function check(written: string, printed: string | readonly string[], family: Family = 4): void {
  const { rules, faults } = read(written, family);
  expect(faults).toEqual([]);
  expect(rules.map((rule) => renderRule("C", rule, family).replace(/^-A C ?/, ""))).toEqual([printed].flat());
}

function checkFault(written: string, column: number, message: RegExp, family: Family = 4): void {
  const { faults } = read(written, family);
  expect(faults.map((fault) => fault.column)).toEqual([column]);
  expect(faults[0]?.message).toMatch(message);
}

describe("a rule is printed as iptables prints it", () => {
  test.each<[string, string | readonly string[], Family?]>([
    ["", ""],
    ["-p 6 -j ACCEPT", "-p tcp -j ACCEPT"],
    ["-p all -i + -s 0.0.0.0/0 -j DROP", "-j DROP"],
    ["! --proto icmpv6", "! -p ipv6-icmp"],
    [
      "-p 253 -f -o eth+ -i lo ! -d 10.1.2.3/8 -s 10.0.0.1/255.0.255.0",
      "-s 10.0.0.0/255.0.255.0 ! -d 10.0.0.0/8 -i lo -o eth+ -p 253 -f",
    ],
    [
      "-s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.4",
      [
        "-s 1.1.1.1/32 -d 3.3.3.3/32",
        "-s 1.1.1.1/32 -d 4.4.4.4/32",
        "-s 2.2.2.2/32 -d 3.3.3.3/32",
        "-s 2.2.2.2/32 -d 4.4.4.4/32",
      ],
    ],
    ["-p tcp --dport=http -j RETURN", "-p tcp -m tcp --dport 80 -j RETURN"],
    ["-p tcp --dport :1024 --sport 5:", "-p tcp -m tcp --sport 5:65535 --dport 0:1024"],
    ["-p tcp ! --syn", "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN"],
    ["-p tcp --tcp-flags ALL NONE", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE"],
    ["-p tcp -m tcp", "-p tcp -m tcp"],
    ["-p tcp -m comment --comment x --dport 80", "-p tcp -m comment --comment x -m tcp --dport 80"],
    ["-p udp -m multiport ! --dports http,99:100", "-p udp -m multiport ! --dports 80,99:100"],
    [
      "-m iprange ! --dst-range 10.0.0.1 --src-range 1.1.1.1-2.2.2.2",
      "-m iprange --src-range 1.1.1.1-2.2.2.2 ! --dst-range 10.0.0.1-10.0.0.1",
    ],
    ["-m owner --gid-owner 5-8 ! --uid-owner root", "-m owner ! --uid-owner 0 --gid-owner 5-8"],
    ["-m owner ! --socket-exists", "-m owner ! --socket-exists"],
    ["-m conntrack --ctstate RELATED,NEW", "-m conntrack --ctstate NEW,RELATED"],
    ["-m state ! --state ESTABLISHED", "-m state ! --state ESTABLISHED"],
    ["-m mark --mark 1337 -m mark ! --mark 5/0xff", "-m mark --mark 0x539 -m mark ! --mark 0x5/0xff"],
    ["-m connmark --mark 7", "-m connmark --mark 0x7"],
    ["-m socket --nowildcard --transparent", "-m socket --transparent --nowildcard"],
    ["-m socket", "-m socket"],
    [
      "-m addrtype --limit-iface-in ! --dst-type BROADCAST,LOCAL",
      "-m addrtype ! --dst-type LOCAL,BROADCAST --limit-iface-in",
    ],
    ['-m comment --comment "it\'s \\"so\\""', '-m comment --comment "it\\\'s \\"so\\""'],
    ["-j C1", "-j C1"],
    ["--goto C1", "-g C1"],
    ["-j REJECT", "-j REJECT --reject-with icmp-port-unreachable"],
    ["-j REJECT", "-j REJECT --reject-with icmp6-port-unreachable", 6],
    ['-j LOG --log-level warning --log-prefix "a b" --log-uid', '-j LOG --log-prefix "a b" --log-uid'],
    ["-j LOG --log-level debug", "-j LOG --log-level 7"],
    ["-p tcp -j REDIRECT --to-port 15001", "-p tcp -j REDIRECT --to-ports 15001"],
    ["-j DNAT --to 10.0.0.1-10.0.0.9:80-90 --random", "-j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90 --random"],
    ["-j DNAT --to-destination [2001:db8::1]:80", "-j DNAT --to-destination [2001:db8::1]:80", 6],
    ["-j DNAT --to-destination 2001:db8::1-2001:db8::9", "-j DNAT --to-destination 2001:db8::1-2001:db8::9", 6],
    ["-j DNAT --to-destination :80", "-j DNAT --to-destination :80", 6],
    [
      "-j SNAT --to-source 1.2.3.4 --persistent --random-fully",
      "-j SNAT --to-source 1.2.3.4 --random-fully --persistent",
    ],
    ["-j MASQUERADE --random", "-j MASQUERADE --random"],
    [
      "-p tcp -j TPROXY --on-port 5 --tproxy-mark 5",
      "-p tcp -j TPROXY --on-port 5 --on-ip 0.0.0.0 --tproxy-mark 0x5/0xffffffff",
    ],
    ["-p tcp -j TPROXY --on-port 5", "-p tcp -j TPROXY --on-port 5 --on-ip :: --tproxy-mark 0x0/0x0", 6],
    ["-j MARK --set-mark 5/0xf0", "-j MARK --set-xmark 0x5/0xf5"],
    ["-j MARK --and-mark 0xf0", "-j MARK --set-xmark 0x0/0xffffff0f"],
    ["-j MARK --or-mark 0xf0", "-j MARK --set-xmark 0xf0/0xf0"],
    ["-j MARK --xor-mark 0xf0", "-j MARK --set-xmark 0xf0/0x0"],
    ["-j CONNMARK --save-mark --mask 0xff", "-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff"],
    ["-j CONNMARK --restore-mark --nfmask 15", "-j CONNMARK --restore-mark --nfmask 0xf --ctmask 0xffffffff"],
    ["-j CT --notrack", "-j CT --notrack"],
    ["-j NOTRACK", "-j NOTRACK"],
    ["-j CT --zone 0x10", "-j CT --zone 16"],
    ["-j CT --zone-orig 1", "-j CT --zone-orig 1"],
    ["-j CT --zone-reply MARK", "-j CT --zone-reply mark"],
    ["-j CT --zone 0", "-j CT"],
    ["-m conntrack --ctdir reply --ctstate NEW", "-m conntrack --ctstate NEW --ctdir REPLY"],
    ["-m conntrack --ctstate NEW -m conntrack --ctdir REPLY", "-m conntrack --ctstate NEW -m conntrack --ctdir REPLY"],
    [
      "-m conntrack --ctstatus ASSURED,EXPECTED --ctrepldstport http ! --ctorigdstport 1:90 --ctorigdst 10.0.0.1 ! --ctorigsrc 10.0.0.0/8 --ctproto tcp",
      "-m conntrack --ctproto 6 ! --ctorigsrc 10.0.0.0/8 --ctorigdst 10.0.0.1 ! --ctorigdstport 1:90 --ctrepldstport 80 --ctstatus EXPECTED,ASSURED",
    ],
    ["-m conntrack ! --ctstatus NONE", "-m conntrack ! --ctstatus NONE"],
    ["-m conntrack --ctrepldst ::1", "-m conntrack --ctrepldst ::1", 6],
    [
      '-j NFLOG --nflog-threshold 3 --nflog-size 7 --nflog-prefix "a b" --nflog-group 0',
      '-j NFLOG --nflog-prefix "a b" --nflog-size 7 --nflog-threshold 3',
    ],
    ["-j ULOG --ulog-nlgroup 2", "-j ULOG --ulog-nlgroup 2"],
    ["-j TRACE", "-j TRACE"],
    ["-j AUDIT --type accept", "-j AUDIT --type accept"],
    ["-j CLASSIFY --set-class 1:10", "-j CLASSIFY --set-class 0001:0010"],
    ["-j CHECKSUM --checksum-fill", "-j CHECKSUM --checksum-fill"],
    ["-j TTL --ttl-dec 3", "-j TTL --ttl-dec 3"],
    ["-j HL --hl-set 64", "-j HL --hl-set 64", 6],
    ["-j TOS --set-tos Minimize-Delay", "-j TOS --set-tos 0x10/0x3f"],
    ["-j TOS --set-tos 16", "-j TOS --set-tos 0x10/0xff"],
    ["-j TOS --and-tos 0x10", "-j TOS --set-tos 0x00/0xef"],
    ["-j TOS --or-tos 0x10", "-j TOS --set-tos 0x10/0x10"],
    ["-j TOS --xor-tos 0x10", "-j TOS --set-tos 0x10/0x00"],
    ["-j DSCP --set-dscp-class EF", "-j DSCP --set-dscp 0x2e"],
    ["-j DSCP --set-dscp-class AF21", "-j DSCP --set-dscp 0x12"],
    ["-j DSCP --set-dscp-class cs3", "-j DSCP --set-dscp 0x18"],
    ["-p tcp -j ECN --ecn-tcp-remove", "-p tcp -j ECN --ecn-tcp-remove"],
    ["-j TEE --gateway fd00:0::9", "-j TEE --gateway fd00::9", 6],
    ["-p tcp -j TCPMSS --clamp-mss-to-pmtu", "-p tcp -j TCPMSS --clamp-mss-to-pmtu"],
    ["-p tcp -j TCPOPTSTRIP --strip-options timestamp,sack-permitted,5", "-p tcp -j TCPOPTSTRIP --strip-options 4,5,8"],
    ["-j IDLETIMER --label foo --timeout 5", "-j IDLETIMER --timeout 5 --label foo"],
    ["-j SET --add-set x src,dst --exist", "-j SET --add-set x src,dst --exist"],
    ["-j CONNSECMARK --restore", "-j CONNSECMARK --restore"],
    ["-p tcp -j CT --helper ftp", "-p tcp -j CT --helper ftp"],
    ["-j CT", "-j CT"],
  ])("%s", (written, printed, family) => check(written, printed, family));
});

describe("what is not understood is kept as text, its module's options together", () => {
  test.each([
    "-m recent --rcheck --name x -j ACCEPT",
    "-p tcp -m conntrack ! --ctstate NEW --ctexpire 5:10 -m tcp --dport 80 -j ACCEPT",
    "-m policy --dir in --pol ipsec --proto esp -j ACCEPT",
    '-m string --string "-j DROP" --algo bm',
    "-j NFQUEUE --queue-num 3",
    "-j CT --zone 5",
    "-j SET --map-set x src --map-mark",
    "-j ECN --ecn-tcp-ece 0",
    "-j TEE --gateway 10.0.0.9 --oif eth0",
    "-j constructor --with options",
  ])("%s", (text) => check(text, text));
  // iptables-nft loses such a match, so that it always holds; under iptables-legacy it never does.
  test.each([
    "-p tcp -m tcp ! --dport 0:65535",
    "-p udp -m udp ! --sport 0:65535",
    "-p tcp -m tcp ! --tcp-flags NONE NONE",
    "-p tcp -m tcp --tcp-flags NONE SYN",
  ])("what only one variant of iptables keeps may hold or not: %s", (text) => {
    const [rule] = read(text, 4).rules;
    expect(rule?.matches.map(({ kind }) => kind)).toEqual(["protocol", "unknown"]);
    check(text, text);
  });
  test("an option of the protocol's own module gets that module's -m", () =>
    check("-p icmp --icmp-type 8", "-p icmp -m icmp --icmp-type 8"));
});

describe("a bad rule gives a finding with its column", () => {
  test.each<[string, number, RegExp, Family?]>([
    ["-p tcp --dport 70000", 8, /--dport takes a port.*"70000"/],
    ["-p nonsense", 1, /-p takes a protocol/],
    ["-s 2001:db8::1", 1, /IPv4 addresses/],
    ["-s 10.0.0.1", 1, /IPv6 addresses/, 6],
    ["! -d 1.1.1.1,2.2.2.2", 3, /! cannot negate several/],
    ["-f", 1, /IPv6 has no -f/, 6],
    ["--dport 80", 1, /belongs to no module/],
    ["-j", 1, /needs a name/],
    ["-p tcp !", 8, /There is nothing after/],
    ["-j ACCEPT -j DROP", 11, /one target/],
    ["-s 1.1.1.1 -s 2.2.2.2", 12, /appears twice/],
    ["-j REJECT --reject-with nothing", 11, /icmp-net-unreachable/],
    ["-m owner --uid-owner nobody-here", 10, /a uid/],
    ["-m conntrack --ctstate OLD", 14, /one or more of INVALID/],
    ["-m conntrack ! --ctdir REPLY", 16, /--ctdir takes no !/],
    ["-m conntrack --ctstatus NEWISH", 14, /one or more of NONE, EXPECTED/],
    ["-m conntrack --ctorigsrc ::1", 14, /an IPv4 address or network/],
    ["-j TTL --ttl-dec 0", 8, /--ttl-dec takes a number from 1 to 255/],
    ["-j DSCP --set-dscp 64", 9, /from 0 to 63/],
    ["-j TOS", 4, /TOS needs one of/],
    ["-j TEE --gateway 0.0.0.0", 8, /an IPv4 address/],
    ["-j AUDIT --type other", 10, /accept, drop or reject/],
    ["-j C1 --to-ports 5", 4, /C1 is a chain/],
    ["-p tcp ACCEPT", 8, /belongs to no option/],
  ])("%s", (written, column, message, family) => checkFault(written, column, message, family));
});
