import { describe, expect, test } from "vitest";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { PodRules } from "../../../harness/model/ruleset.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { nftRules } from "../nft-vectors.ts";
import { check, flowOf, rulesOf, SPEC, withShape } from "./setup.ts";

const FROM_CLIENT = "app:8080 from 10.244.0.3:0";
const TRANSPARENT = withShape({ interceptionMode: "TPROXY" });

function inInput(rule: string, others = ""): PodRules {
  const text = `table ip t { ${others} chain i { type filter hook input priority 0; ${rule}; }; }`;
  return { ...nftRules(text), policyRouting: NO_POLICY_ROUTING };
}

describe("fib saddr . iif oif behind prerouting", () => {
  test("is known of what came by a link", () => {
    check(inInput("fib saddr . iif oif missing drop"), [["client -> pod:8080", FROM_CLIENT]]);
    check(inInput("fib saddr . iif oif exists drop"), [["client -> pod:8080", "timed-out"]]);
    const passed = 'chain f { type filter hook forward priority 0; iifname "vm0" fib saddr . iif oif missing drop; };';
    const spec = withShape({ kubevirtInterfaces: ["vm0"] });
    check(inInput("accept", passed), [["vm -> upstream:80", "upstream:80 from 10.245.0.2:0"]], spec);
    check(inInput("accept", passed.replace("missing", "exists")), [["vm -> upstream:80", "timed-out"]], spec);
  });
  test("hangs on the kernel where it came over lo", () => {
    const simulator = compilePod(inInput("fib saddr . iif oif exists drop"), SPEC, DEFAULT_ADDRESSES);
    const question = "whether the kernel looks the reverse path up in input";
    const flow = flowOf("app -> localhost:8080");
    expect(simulator.land(flow, "answer").cause).toContain(question);
    const kinds = (["fails", "holds"] as const).map(
      (answer) => simulator.assuming(new Map([[question, answer]])).land(flow, "answer").kind,
    );
    expect(kinds).toEqual(["timed-out", "listener"]);
  });
});

describe("what TPROXY has given to a listener", () => {
  const GIVEN =
    'chain p { type filter hook prerouting priority -150; iifname "eth0" meta l4proto tcp tproxy to :15006 accept; };';
  const CAPTURED = "envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.3:0";
  test("is that listener's in input, whatever listens at the port that was dialled", () => {
    for (const port of [8080, 9999]) {
      const flow = `client -> pod:${port}`;
      check(inInput("socket transparent 1 reject", GIVEN), [[flow, `refused:${port}`]], TRANSPARENT);
      check(inInput("socket transparent 0 reject", GIVEN), [[flow, CAPTURED.replace("8080", `${port}`)]], TRANSPARENT);
    }
  });
  test("is so to -m socket --nowildcard, and not without, since the listener takes all addresses", () => {
    const rules = (options: string) =>
      rulesOf([
        ...["mangle", "4 -A PREROUTING -i eth0 -p tcp -j TPROXY --on-port 15006"],
        `4 -A INPUT -p tcp --syn -m socket --transparent ${options} -j DROP`,
      ]);
    check(rules("--nowildcard"), [["client -> pod:9999", "timed-out"]], TRANSPARENT);
    check(rules(""), [["client -> pod:8080", CAPTURED]], TRANSPARENT);
  });
});

describe("an owner of what is sent before the listener accepts", () => {
  const proxied = ["nat", "4 -A OUTPUT -p tcp -m tcp ! --dport 15001 -j REDIRECT --to-ports 15001"];
  test("is no question where the connection ends alike, however often it is made", () =>
    check(rulesOf([...proxied, "filter", "4 -A OUTPUT -m owner --uid-owner 1337 -j ACCEPT"]), [
      ["forward app -> upstream:80", `loop via ${Array(8).fill("envoy-outbound:15001").join(",")}`],
    ]));
});
