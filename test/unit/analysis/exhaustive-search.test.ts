import { describe, expect, test } from "vitest";
import { startSearch } from "../../../harness/analysis/flows/exhaustive-search.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { PodRules } from "../../../harness/model/ruleset.ts";
import { configOf, specOf } from "../meshes/istio-1.4/intent-setup.ts";

function natOf(...rules: readonly string[]): PodRules {
  const text = ["*nat", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ...rules, "COMMIT", ""].join("\n");
  const parsed = parseIptablesSave(text, { where: "test", family: 4 });
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  return { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING };
}

function check(before: PodRules, after: PodRules, expected: string): void {
  const found = startSearch(before, specOf(configOf()), DEFAULT_ADDRESSES)(after, 4);
  const text =
    found.kind === "different"
      ? `${renderFlowText(found.flow.spec)}: ${found.before.kind} ${found.before.port} -> ${found.after.kind} ${found.after.port}`
      : found.kind;
  expect(text).toBe(expected);
}

const CAPTURE = "-A OUTPUT -p tcp -j REDIRECT --to-ports 15001";

describe("searching every class of flows", () => {
  test("finds the one port of one address that differs", () => {
    const exclude = "-A OUTPUT -d 10.96.0.7/32 -p tcp -m tcp --dport 4444 -j RETURN";
    check(natOf(CAPTURE), natOf(exclude, CAPTURE), "uid=0,gid=0 -> 10.96.0.7:4444: listener 15001 -> listener 4444");
  });
  test("finds an owner that differs", () => {
    const [one, other] = ["1337", "1337-1338"].map((ids) => `-A OUTPUT -m owner --uid-owner ${ids} -j RETURN`);
    check(
      natOf(one ?? "", CAPTURE),
      natOf(other ?? "", CAPTURE),
      "uid=1338,gid=0 -> 10.244.0.3:1: listener 15001 -> listener 1",
    );
  });
  test("finds a source that differs", () => {
    const rule = "-A OUTPUT -s 127.0.0.6/32 -o lo -j RETURN";
    check(natOf(CAPTURE), natOf(rule, CAPTURE), "uid=0,gid=0@127.0.0.6 -> 127.0.0.6:1: listener 15001 -> refused 1");
  });
  test("finds the one port that is outside a longer range of ports", () => {
    const [one, other] = ["15001-15010", "15001-15011"].map((to) => `-A OUTPUT -p tcp -j REDIRECT --to-ports ${to}`);
    check(natOf(one ?? ""), natOf(other ?? ""), "uid=0,gid=0 -> 10.244.0.3:15011: listener 15001 -> refused 15011");
  });
  test("finds the address in the pod that DNAT sends to", () => {
    const [one, other] = ["8", "9"].map((host) => `-A OUTPUT -p tcp -j DNAT --to-destination 127.0.0.${host}`);
    check(natOf(one ?? ""), natOf(other ?? ""), "uid=0,gid=0 -> 10.244.0.3:22: listener 22 -> listener 22");
  });
  test("proves rules equal that are written differently", () => {
    const split = ["0:32767", "32768:65535"].map(
      (ports) => `-A OUTPUT -p tcp -m tcp --dport ${ports} -j REDIRECT --to-ports 15001`,
    );
    const odd = "-A OUTPUT -p udp -j DNAT --to-destination 10.0.0.1";
    check(natOf(CAPTURE), natOf(odd, ...split), "alike");
  });
  test("says so if a match is not understood", () => {
    check(natOf(CAPTURE), natOf("-A OUTPUT -m recent --rcheck --name x --rsource -j RETURN", CAPTURE), "unknown");
  });
  test("does not begin a search that would never end", () => {
    const ranges = Array.from(
      { length: 200 },
      (_, i) => `-A OUTPUT -s 127.${i}.0.0/16 -d 127.${i + 1}.0.0/16 -j RETURN`,
    );
    check(natOf(CAPTURE), natOf(...ranges, CAPTURE), "unknown");
  });
});
