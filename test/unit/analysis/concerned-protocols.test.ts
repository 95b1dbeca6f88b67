import { expect, test } from "vitest";
import { listConcerned } from "../../../harness/analysis/flows/concerned-protocols.ts";
import { iptablesRules, nftRules } from "../nft-vectors.ts";

test.each([
  ["tcp", "-A OUTPUT -p tcp -j ISTIO_OUTPUT\n-A ISTIO_OUTPUT -o lo -j RETURN"],
  ["tcp", "-A OUTPUT -p tcp -m multiport --dports 80,443 -j DROP"],
  ["tcp", "-A OUTPUT -o lo"],
  ["tcp, udp", "-A OUTPUT -p udp -j DROP"],
  // An ICMP error ends a flow of UDP that is refused.
  ["tcp, udp, icmp", "-A OUTPUT -p icmp -m icmp --icmp-type 8 -j DROP"],
  ["tcp, udp, icmp", "-A OUTPUT ! -p tcp -j DROP"],
  ["tcp, udp, icmp", "-A OUTPUT ! -p udp -j DROP"],
  ["tcp, udp, icmp", "-A OUTPUT -o lo -j ACCEPT"],
])("rules of iptables concern %s: %s", (concerned, lines) => {
  const text = `*filter\n:OUTPUT ACCEPT [0:0]\n:ISTIO_OUTPUT - [0:0]\n${lines}\nCOMMIT\n`;
  expect(listConcerned([iptablesRules(text, 4)]).join(", ")).toBe(concerned);
});

test.each([
  ["tcp", "tcp dport 80 drop"],
  ["tcp", "meta l4proto tcp drop"],
  ["tcp", "counter meta l4proto tcp drop"],
  ["tcp", "ip daddr . tcp dport { 10.0.0.1 . 80 } drop"],
  ["tcp, udp", "meta l4proto { tcp, udp } drop"],
  ["tcp, udp", "udp dport 53 drop"],
  ["tcp, udp, icmp", "icmp type echo-request drop"],
  ["tcp, udp, icmp", "meta l4proto != tcp drop"],
  ["tcp, udp, icmp", "meta l4proto 1-17 drop"],
  ["tcp, udp, icmp", "meta mark set 1 tcp dport 80 drop"],
  ["tcp, udp, icmp", "th dport 53 drop"],
  ["tcp, udp, icmp", "meta l4proto vmap { udp : drop }"],
])("rules of nft concern %s: %s", (concerned, rule) => {
  const { ip } = nftRules(`table ip t { chain o { type filter hook output priority 0; ${rule}\n } }`);
  expect(listConcerned(ip === null ? [] : [ip]).join(", ")).toBe(concerned);
});

test("a policy of DROP concerns every packet", () => {
  const { ip } = nftRules("table ip t { chain o { type filter hook output priority 0; policy drop;\n } }");
  expect(listConcerned(ip === null ? [] : [ip])).toEqual(["tcp", "udp", "icmp"]);
});
