import { expect, test } from "vitest";
import { concernDatagrams } from "../../../harness/analysis/flows/datagram-rules.ts";
import { iptablesRules, nftRules } from "../nft-vectors.ts";

test.each([
  [false, "-A OUTPUT -p tcp -j ISTIO_OUTPUT\n-A ISTIO_OUTPUT -o lo -j RETURN"],
  [false, "-A OUTPUT -p tcp -m multiport --dports 80,443 -j DROP"],
  [false, "-A OUTPUT -o lo"],
  [true, "-A OUTPUT -p udp -j DROP"],
  [true, "-A OUTPUT ! -p tcp -j DROP"],
  [true, "-A OUTPUT -o lo -j ACCEPT"],
])("rules of iptables concern datagrams: %s, %s", (concerns, lines) => {
  const text = `*filter\n:OUTPUT ACCEPT [0:0]\n:ISTIO_OUTPUT - [0:0]\n${lines}\nCOMMIT\n`;
  expect(concernDatagrams([iptablesRules(text, 4)])).toBe(concerns);
});

test.each([
  [false, "tcp dport 80 drop"],
  [false, "meta l4proto tcp drop"],
  [false, "counter meta l4proto tcp drop"],
  [false, "ip daddr . tcp dport { 10.0.0.1 . 80 } drop"],
  [true, "meta l4proto { tcp, udp } drop"],
  [true, "meta l4proto != tcp drop"],
  [true, "meta mark set 1 tcp dport 80 drop"],
  [true, "th dport 53 drop"],
  [true, "meta l4proto vmap { udp : drop }"],
])("rules of nft concern datagrams: %s, %s", (concerns, rule) => {
  const { ip } = nftRules(`table ip t { chain o { type filter hook output priority 0; ${rule}\n } }`);
  expect(concernDatagrams(ip === null ? [] : [ip])).toBe(concerns);
});

test("a policy of DROP concerns every packet", () => {
  const { ip } = nftRules("table ip t { chain o { type filter hook output priority 0; policy drop;\n } }");
  expect(concernDatagrams(ip === null ? [] : [ip])).toBe(true);
});
