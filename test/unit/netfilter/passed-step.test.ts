import { expect, test } from "vitest";
import { quoteRule } from "../../../harness/formats/rule-text.ts";
import { readRulesText } from "../../../harness/formats/rules-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { KeptSteps } from "../../../harness/netfilter/recording.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { listSteps } from "../../../harness/netfilter/steps.ts";
import { flowOf, specOf } from "../../istio-pod.ts";

/** More rules than are tried one by one; some ask for something else before the destination, or have another destination to begin with. */
const RULES = [
  ...Array.from({ length: 40 }, (_, i) => `-A OUTPUT -d 10.9.${i}.0/24 -p tcp -m tcp --dport 80 -j RETURN`),
  "-A OUTPUT -s 10.8.0.0/16 -d 10.9.1.0/24 -j RETURN",
  "-A OUTPUT ! -d 10.244.0.0/16 -j RETURN",
  "-A OUTPUT -d 10.244.0.0/16 -p udp -j RETURN",
  "-A OUTPUT -p tcp -m owner --uid-owner 1337 -j RETURN",
  "-A OUTPUT -d 10.7.0.0/16 -p tcp -m tcp --dport 80 -j RETURN",
  "-A OUTPUT -p tcp -j REDIRECT --to-ports 15001",
  "-A OUTPUT -d 10.6.0.0/16 -j RETURN",
];
const TEXT = ["*nat", ":OUTPUT ACCEPT [0:0]", ...RULES, "COMMIT", ""].join("\n");

test.each([
  "app -> upstream:80",
  "envoy -> upstream:80",
  "app -> 10.9.7.1:80",
  "app -> 10.9.7.1:81",
  "app -> pod:8080",
])("the steps of %s that are made when they are read say what those of every rule say", (text) => {
  const read = readRulesText(TEXT, { where: "rules.txt", family: 4 });
  if (!read.ok) throw new TypeError(read.findings[0]?.message);
  const rules = { ip: read.value.ip, ip6: null, policyRouting: NO_POLICY_ROUTING };
  const pod = compilePod(rules, specOf(), DEFAULT_ADDRESSES);
  const told = (kept: KeptSteps) => {
    const { connections, landing } = pod.explain(
      flowOf(text),
      "answer",
      (chain, rule) => quoteRule(chain, rule, 4),
      kept,
    );
    const steps = listSteps(connections).map(({ hook, family, table, chain, index, rule, matched, verdict, why }) => ({
      ...{ hook, family, table, chain, index, rule },
      ...{ matched, verdict, why },
    }));
    return { landing, steps, ends: connections.flatMap(({ packets }) => packets.map(({ ends }) => ends)) };
  };
  expect(told("rules to be read")).toEqual(told("every rule"));
});
