import { describe, expect, test } from "vitest";
import { findReach } from "../../../harness/analysis/mutants/rule-reach.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { RulePlace } from "../../../harness/model/rule-place.ts";
import type { PodRules } from "../../../harness/model/ruleset.ts";
import { SHAPE } from "../../istio-pod.ts";
import { configOf, specOf } from "../meshes/istio-1.4/intent-setup.ts";

/** nat meets packets only where some rule of it rewrites, in whatever chain that stands. */
const REWRITES = "-A B -p tcp -j REDIRECT --to-ports 9";

function natOf(rules: readonly string[]): PodRules {
  const chains = [":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":A - [0:0]", ":B - [0:0]"];
  const parsed = parseIptablesSave(["*nat", ...chains, ...rules, REWRITES, "COMMIT", ""].join("\n"), {
    where: "test",
    family: 4,
  });
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  return { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING };
}

function flowOf(text: string) {
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  return resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE);
}

/** Asks for the last of some rules. */
function check(rules: readonly string[], expected: string): void {
  const rule = rules.at(-1) ?? "";
  const chain = rule.split(" ")[1] ?? "";
  const index = rules.filter((each) => each.startsWith(`-A ${chain} `)).length;
  const place: RulePlace = { family: 4, table: "nat", chain, index, rule };
  const known = [{ flow: flowOf("app -> upstream:80"), manner: "answer" as const }];
  const { takers, unreachable } = findReach(natOf(rules), [place], known, specOf(configOf()), DEFAULT_ADDRESSES);
  const told = [...takers.map(({ flow }) => renderFlowText(flow.spec)), ...unreachable.map(() => "unreachable")];
  expect(told).toEqual(expected === "not known" ? [] : [expected]);
}

const CAPTURE = "-A OUTPUT -p tcp -j REDIRECT --to-ports 15001";

describe("a rule's reach", () => {
  test.each([
    ["a familiar flow where one takes it", [CAPTURE], "app -> upstream:80"],
    [
      "the one port of the one address that takes it",
      ["-A OUTPUT -d 10.96.0.7/32 -p tcp -m tcp --dport 4444 -j RETURN"],
      "uid=0,gid=0 -> 10.96.0.7:4444",
    ],
    [
      "the one owner that takes it",
      ["-A OUTPUT -m owner --uid-owner 1234 -j RETURN"],
      "uid=1234,gid=0 -> 10.244.0.3:1",
    ],
    [
      "none after a rule that matches everything",
      [CAPTURE, "-A OUTPUT -p tcp -m tcp --dport 80 -j RETURN"],
      "unreachable",
    ],
    [
      "the datagram that takes it where no connection can",
      ["-A OUTPUT -p udp -m udp --dport 53 -j REDIRECT --to-ports 15053"],
      "uid=0,gid=0 -> 10.244.0.3:53/udp",
    ],
    [
      "none after a rule that matches all datagrams",
      ["-A OUTPUT -p udp -j ACCEPT", "-A OUTPUT -p udp -m udp --dport 53 -j ACCEPT"],
      "unreachable",
    ],
    [
      "the flow that takes it with some of the source ports that the kernel may choose",
      ["-A OUTPUT -p tcp -m tcp --sport 32768:40000 -j ACCEPT", "-A OUTPUT -p tcp -j ACCEPT"],
      "app -> upstream:80",
    ],
    ["none in a chain that no rule jumps to", ["-A A -p tcp -j RETURN"], "unreachable"],
    ["none for a source that no host has", ["-A PREROUTING -s 203.0.113.9/32 -j RETURN"], "unreachable"],
    [
      "nothing behind a match that is not understood",
      ["-A OUTPUT -m wonder --at it -j RETURN", "-A OUTPUT -p udp -j RETURN"],
      "not known",
    ],
    ["nothing where a mask has holes", ["-A OUTPUT -d 10.0.0.7/255.0.0.255 -p udp -j RETURN"], "not known"],
  ] as const)("is %s", (_, rules, expected) => check(rules, expected));
});

test.each([
  [
    "listeners that the pod could have, and has not",
    "",
    "OUTPUT -p tcp -m tcp --sport 7777 --tcp-flags SYN,ACK SYN,ACK -j DROP",
    "client -> 10.244.0.2:7777",
  ],
  [
    "answers of whoever DNAT sends to",
    "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j DNAT --to-destination 198.51.100.7\nCOMMIT\n",
    "INPUT -i eth0 -p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK -j DROP",
    "uid=0,gid=0 -> 198.51.100.7:1",
  ],
])("a rule's reach counts %s", (_, nat, words, expected) => {
  const rule = `-A ${words}`;
  const chain = words.split(" ")[0] ?? "";
  const text = `${nat}*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rule}\nCOMMIT\n`;
  const parsed = parseIptablesSave(text, { where: "test", family: 4 });
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  const rules = { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING };
  const place: RulePlace = { family: 4, table: "filter", chain, index: 1, rule };
  const { takers, unreachable } = findReach(rules, [place], [], specOf(configOf()), DEFAULT_ADDRESSES);
  expect(takers.map(({ flow }) => renderFlowText(flow.spec))).toEqual([expected]);
  expect(unreachable).toEqual([]);
});
