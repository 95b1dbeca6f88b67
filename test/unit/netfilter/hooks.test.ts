import { describe, test } from "vitest";
import { check, rulesOf } from "./setup.ts";

const FROM_CLIENT = "app:8080 from 10.244.0.3:0";
const TO_UPSTREAM = "upstream:80 from 10.244.0.2:0";
const CAPTURED = "envoy-outbound:15001 of 10.244.0.4:80 from 10.244.0.2:0";
const REDIRECT = ["nat", "4 -A OUTPUT -p tcp -d 10.244.0.4 -j REDIRECT --to-ports 15001"];

/** One rule in front of a DROP: the flow gets through if and only if the rule holds for its packets. */
function only(table: string, chain: string, ...rules: readonly string[]): readonly string[] {
  return [table, ...rules.map((rule) => `4 -A ${chain} ${rule} -j ACCEPT`), `4 -A ${chain} -p tcp --syn -j DROP`];
}

describe("what the hooks see of a packet", () => {
  test.each([
    ["raw", "PREROUTING", "-i eth0"],
    ["mangle", "PREROUTING", "-i eth0"],
    ["mangle", "INPUT", "-i eth0"],
    ["filter", "INPUT", "-i eth0 -d 10.244.0.2/32"],
  ])("%s %s sees a client's packet come in by eth0", (table, chain, match) => {
    check(rulesOf(only(table, chain, match)), [["client -> pod:8080", FROM_CLIENT]]);
    check(rulesOf(only(table, chain, match.replace("eth0", "lo"))), [["client -> pod:8080", "timed-out"]]);
  });

  test.each([
    ["raw", "OUTPUT", "-d 10.244.0.4/32 -o eth0", "first"],
    ["mangle", "OUTPUT", "-d 10.244.0.4/32 -o eth0", "first"],
    ["filter", "OUTPUT", "-d 127.0.0.1/32 -o eth0", "redirected, and still by the first route"],
    ["mangle", "POSTROUTING", "-d 127.0.0.1/32 -o lo", "redirected, by the new route"],
    ["raw", "PREROUTING", "-d 127.0.0.1/32 -i lo", "coming in again"],
    ["mangle", "PREROUTING", "-d 127.0.0.1/32 -i lo", "coming in again"],
    ["mangle", "INPUT", "-d 127.0.0.1/32 -i lo", "coming in again"],
    ["filter", "INPUT", "-d 127.0.0.1/32 -i lo", "coming in again"],
  ])("%s %s sees a redirected packet with %s: %s", (table, chain, match) => {
    check(rulesOf([...REDIRECT, ...only(table, chain, match)]), [["app -> upstream:80", CAPTURED]]);
    const other = match.includes("-i lo") ? match.replace("lo", "eth0") : match.replace(/-o \w+/, "! $&");
    check(rulesOf([...REDIRECT, ...only(table, chain, other)]), [["app -> upstream:80", "timed-out"]]);
  });

  test("what nat sends where its loopback source has no route is lost there, before later chains see it", () => {
    const away = ["nat", "4 -A OUTPUT -d 127.0.0.0/8 -p tcp -j DNAT --to-destination 10.244.0.4:80"];
    const rejected = ["filter", "4 -A OUTPUT -d 10.244.0.4/32 -j REJECT"];
    check(rulesOf([...away, ...rejected]), [["app -> localhost:80", "timed-out"]]);
    check(rulesOf(rejected), [["app -> upstream:80", "refused:80"]]);
  });

  test("to the pod's own address the route is lo", () => {
    check(rulesOf(["nat", "-A OUTPUT -o lo -p tcp -j REDIRECT --to-ports 15006"]), [
      ["app -> pod:8080", "envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.2:0"],
      ["app -> upstream:80", TO_UPSTREAM],
    ]);
  });

  test("a hook without an interface matches no name, and every negated name", () => {
    const jump = ["filter", ":A - [0:0]", "-A INPUT -j A"];
    check(rulesOf([...jump, "-A A -o eth0 -j DROP"]), [["client -> pod:8080", FROM_CLIENT]]);
    check(rulesOf([...jump, "-A A ! -o eth0 -j DROP"]), [["client -> pod:8080", "timed-out"]]);
  });

  test("a name that ends in + stands for any ending", () => {
    check(rulesOf(["filter", "-A INPUT -i eth+ -j DROP"]), [["client -> pod:8080", "timed-out"]]);
    check(rulesOf(["filter", "-A INPUT -i etha+ -j DROP"]), [["client -> pod:8080", FROM_CLIENT]]);
  });
});

describe("packets of the other direction meet the rules as well", () => {
  test.each([
    ["an answer to the SYN lost in OUTPUT", "timed-out", ["filter", "-A OUTPUT -p tcp --sport 8080 -j DROP"]],
    [
      "an answer to the SYN lost in POSTROUTING",
      "timed-out",
      ["mangle", "-A POSTROUTING -p tcp --tcp-flags SYN,ACK SYN,ACK -j DROP"],
    ],
    ["everything lost after the handshake", "unanswered", ["mangle", "-A INPUT -p tcp --tcp-flags PSH PSH -j DROP"]],
    ["only answers lost after the handshake", "unanswered", ["mangle", "-A OUTPUT -p tcp --tcp-flags PSH PSH -j DROP"]],
    [
      "an answer that the caller answers with a reset",
      "timed-out",
      ["filter", "-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset"],
    ],
  ] as const)("%s makes the flow %s", (_, landing, rules) => {
    check(rulesOf(rules.map((line) => (line.startsWith("-A") ? `4 ${line}` : line))), [
      ["client -> pod:8080", landing],
    ]);
  });

  test("a closed port times out if a rule lets only owned packets pass, since the reset has no owner", () => {
    const rules = ["filter", ":OUTPUT DROP [0:0]", "-A OUTPUT -m owner --uid-owner 0-65535 -j ACCEPT"];
    check(rulesOf(rules), [
      ["client -> pod:8080", FROM_CLIENT],
      ["client -> pod:82", "timed-out"],
    ]);
    check(rulesOf(["filter", "-A OUTPUT -m owner ! --uid-owner 0 -j DROP"]), [
      ["root -> upstream:81", "refused:81"],
      ["client -> pod:82", "timed-out"],
    ]);
  });

  test("the kernel's own reset has a socket over IPv4, and none over IPv6", () => {
    check(rulesOf(["filter", "-A OUTPUT -p tcp -m owner ! --socket-exists -j DROP"]), [
      ["client -> pod:82", "refused:82"],
      ["client6 -> pod6:82", "timed-out"],
    ]);
  });
});
