import { test } from "vitest";
import type { Family } from "../../../harness/model/address.ts";
import { check, rulesOf } from "./setup.ts";

// Each was seen so in network namespaces (kernel 6.18, iptables-nft 1.8.9).
test.each<[family: Family, type: string, hook: string, landing: string]>([
  [4, "--icmp-type 8", "OUTPUT", "timed-out"],
  [4, "--icmp-type 8/0", "OUTPUT", "timed-out"],
  [4, "--icmp-type 8/1", "OUTPUT", "replied"],
  [4, "--icmp-type any", "OUTPUT", "timed-out"],
  [4, "--icmp-type 255/3", "OUTPUT", "timed-out"],
  [4, "! --icmp-type any", "OUTPUT", "replied"],
  [4, "! --icmp-type 0", "OUTPUT", "timed-out"],
  [4, "--icmp-type 8", "INPUT", "replied"],
  [4, "--icmp-type pong", "INPUT", "unanswered"],
  [6, "--icmpv6-type ping", "OUTPUT", "timed-out"],
  [6, "--icmpv6-type 128/1", "OUTPUT", "replied"],
  [6, "--icmpv6-type 255", "OUTPUT", "replied"],
  [6, "--icmpv6-type 129", "INPUT", "unanswered"],
])("an echo over IPv%i and a rule that drops %s in %s", (family, type, hook, landing) => {
  const [protocol, flow] = family === 4 ? ["icmp", "app -> upstream/icmp"] : ["ipv6-icmp", "app -> upstream6/icmp"];
  const rule = `${family} -A ${hook} -p ${protocol} -m ${family === 4 ? "icmp" : "icmp6"} ${type} -j DROP`;
  check(rulesOf(["filter", rule]), [[flow, landing]]);
});

test.each<[reject: string, type: string, landing: string]>([
  ["icmp-port-unreachable", "3/3", "timed-out"],
  ["icmp-port-unreachable", "3/1", "refused:80"],
  ["icmp-host-unreachable", "3/1", "timed-out"],
  ["icmp-host-unreachable", "3/3", "unreachable"],
  ["icmp-admin-prohibited", "3/13", "timed-out"],
  ["icmp-admin-prohibited", "communication-prohibited", "timed-out"],
  ["icmp-net-prohibited", "network-prohibited", "timed-out"],
])("REJECT with %s and a rule that drops ICMP errors %s", (reject, type, landing) => {
  const rules = [
    `4 -A OUTPUT -p tcp -m tcp --dport 80 -j REJECT --reject-with ${reject}`,
    `4 -A INPUT -p icmp -m icmp --icmp-type ${type} -j DROP`,
  ];
  check(rulesOf(["filter", ...rules]), [["app -> upstream:80", landing]]);
});
