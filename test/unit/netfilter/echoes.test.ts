import { describe, test } from "vitest";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { nftRules } from "../nft-vectors.ts";
import { check, rulesOf } from "./setup.ts";

describe("an echo request", () => {
  test("is replied to by whoever has the address", () =>
    check(rulesOf([]), [
      ["app -> upstream/icmp", "replied"],
      ["client6 -> pod6/icmp", "replied"],
      ["root -> localhost/icmp", "replied"],
      ["app6 -> [2001:db8::99]/icmp", "unreachable"],
    ]));
  test("is met by rules for its protocol, its type, its owner and its mark", () => {
    const rules = (match: string) => rulesOf(["filter", `4 -A OUTPUT ${match} -j DROP`]);
    check(rules("-p icmp"), [["app -> upstream/icmp", "timed-out"]]);
    check(rules("-p icmp -m owner --uid-owner 1000"), [["app -> upstream/icmp", "timed-out"]]);
    check(rules("-p icmp -m owner --uid-owner 1001"), [["app -> upstream/icmp", "replied"]]);
    check(rules("-m mark --mark 0x1"), [["app,mark=0x1 -> upstream/icmp", "timed-out"]]);
    check(rules("-p tcp"), [["app -> upstream/icmp", "replied"]]);
    check(rules("-p udp"), [["app -> upstream/icmp", "replied"]]);
    const byType = (hook: string, type: string) => ({
      ...nftRules(`table ip t { chain c { type filter hook ${hook} priority 0; icmp type ${type} drop; }; }`),
      policyRouting: NO_POLICY_ROUTING,
    });
    check(byType("output", "echo-request"), [["app -> upstream/icmp", "timed-out"]]);
    check(byType("input", "echo-reply"), [["app -> upstream/icmp", "unanswered"]]);
    check(byType("input", "echo-request"), [["app -> upstream/icmp", "replied"]]);
  });
  test("is new until it is replied to, also where both ends are one address, and a reply alone is invalid", () => {
    const dropping = (chain: string, state: string) =>
      rulesOf(["filter", `4 -A ${chain} -p icmp -m conntrack --ctstate ${state} -j DROP`]);
    check(dropping("OUTPUT", "NEW"), [["app -> upstream/icmp", "timed-out"]]);
    check(dropping("INPUT", "ESTABLISHED"), [["app -> upstream/icmp", "unanswered"]]);
    check(dropping("OUTPUT", "ESTABLISHED"), [["app -> pod/icmp", "unanswered"]]);
    const untracked = ["raw", "4 -A OUTPUT -p icmp -j CT --notrack"];
    check(rulesOf([...untracked, "filter", "4 -A INPUT -p icmp -m conntrack --ctstate INVALID -j DROP"]), [
      ["app -> upstream/icmp", "unanswered"],
    ]);
  });
  test("is translated by its addresses, and its reply comes from the one dialled", () =>
    check(
      rulesOf([
        "nat",
        "4 -A OUTPUT -d 10.244.0.4 -j DNAT --to-destination 10.244.0.3",
        "4 -A POSTROUTING -j MASQUERADE --random",
      ]),
      [["app -> upstream/icmp", "replied"]],
    ));
  test("is no socket's to match by, and its reply has no owner", () => {
    check(rulesOf(["filter", "4 -A INPUT -m socket -j DROP"]), [["app -> upstream/icmp", "replied"]]);
    check(rulesOf(["filter", "4 -A OUTPUT -p icmp -m owner --uid-owner 0-4294967294 -j DROP"]), [
      ["client -> pod/icmp", "replied"],
      ["root -> upstream/icmp", "timed-out"],
    ]);
  });
  test("has bytes where ports stand that are not known, which decide only where all else holds", () => {
    const rules = (match: string) => ({
      ...nftRules(`table ip t { chain c { type filter hook output priority 0; ${match} drop; }; }`),
      policyRouting: NO_POLICY_ROUTING,
    });
    const unknown =
      "could-not-look: the landing depends on what is not known: what th sport and th dport read of an ICMP echo";
    check(rules("th dport 53"), [["app -> upstream/icmp", unknown]]);
    check(rules("th dport & 1 == 1"), [["app -> upstream/icmp", unknown]]);
    check(rules("th dport . meta l4proto { 53 . icmp }"), [["app -> upstream/icmp", unknown]]);
    check(rules("th dport . meta l4proto { 53 . udp, 53 . tcp }"), [["app -> upstream/icmp", "replied"]]);
    check(rules("ip daddr . th dport { 10.0.0.9 . 53 }"), [["app -> upstream/icmp", "replied"]]);
  });
  test("has its identifier, its type and its code where connections have ports", () => {
    const rules = (end: string) => rulesOf(["filter", `4 -A OUTPUT -p icmp -m conntrack ${end} -j DROP`]);
    check(rules("--ctorigdstport 2048"), [["app -> upstream/icmp", "timed-out"]]);
    check(rules("--ctorigdstport 80"), [["app -> upstream/icmp", "replied"]]);
    check(rules("--ctreplsrcport 1:65535"), [["app -> upstream/icmp", "timed-out"]]);
  });
});
