import { expect, test } from "vitest";
import { type SearchResult, startSearch } from "../../../harness/analysis/flows/exhaustive-search.ts";
import { makeMutants } from "../../../harness/analysis/mutants/mutants.ts";
import { learnWays } from "../../../harness/analysis/pod/known-ways.ts";
import { generateRules } from "../../../harness/meshes/istio-1.4/rules.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { PodRules } from "../../../harness/model/ruleset.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { listBoundaryFlows } from "../../../harness/run/scenario/bound-scenario.ts";
import { captureOf, flowOf } from "../../istio-pod.ts";
import { takeShare } from "../../thoroughness.ts";
import { configOf, specOf } from "../meshes/istio-1.4/intent-setup.ts";
import { nftRules } from "../nft-vectors.ts";

const CONFIG = configOf({ outboundPortsExclude: ["443"], kubevirtInterfaces: ["net1"] });
const RULES = generateRules(CONFIG);
const FLOWS = listBoundaryFlows(captureOf(CONFIG), DEFAULT_ADDRESSES)
  .map(({ flow }) => flow)
  .filter(({ family }) => family === 4);
const WAYS = learnWays(
  RULES,
  4,
  FLOWS,
  makePodSpec(captureOf(CONFIG), FLOWS, [], DEFAULT_ADDRESSES),
  DEFAULT_ADDRESSES,
);

/** The rules without one of IPv4, all others the same objects. */
function without(text: RegExp): PodRules {
  const found = makeMutants(RULES).find(({ name }) => name.startsWith("ip nat: delete") && text.test(name));
  if (!found) throw new Error(`no rule is like ${text}`);
  return found.rules;
}

const doubtful = (after: PodRules) => WAYS.listDoubtful(after).map(({ flow }) => renderFlowText(flow.spec));

test("only flows that can reach the changed rules are doubtful", () => {
  expect(doubtful(without(/-A ISTIO_INBOUND .*--dport 22 /)).filter((flow) => /^(app|envoy|root)/.test(flow))).toEqual(
    [],
  );
  const afterOwners = doubtful(without(/-A ISTIO_OUTPUT -d 127.0.0.1/));
  expect(afterOwners).toContain("app -> localhost:8080");
  expect(afterOwners).not.toContain("app -> upstream:80");
  expect(afterOwners).not.toContain("envoy -> upstream:80");
});

test("with equal rules no flow is doubtful, and with rules of another structure every flow is", () => {
  expect(doubtful(RULES)).toEqual([]);
  expect(doubtful({ ...RULES, policyRouting: { ...RULES.policyRouting } })).toHaveLength(FLOWS.length);
  expect(doubtful({ ...RULES, ip: { family: 4, tables: [] } })).toHaveLength(FLOWS.length);
});

/** Gives what a search found, the other flows that differ among it. */
function tell(found: SearchResult | undefined) {
  return found?.kind === "different" ? { ...found, listOthers: found.listOthers() } : found;
}

test("a search that uses the known ways finds what a search of every flow finds", () => {
  const [knowing, looking] = [0, 1].map(() => startSearch(RULES, specOf(CONFIG), DEFAULT_ADDRESSES));
  for (const { name, rules, family } of takeShare(makeMutants(RULES), 10)) {
    // With policy routing of its own nothing is held against the other chain by chain: every flow is looked at.
    const copy = { ...rules, policyRouting: structuredClone(rules.policyRouting) };
    expect([name, tell(knowing?.(rules, family))]).toEqual([name, tell(looking?.(copy, family))]);
  }
});

test("two tables of one name keep their rules apart", () => {
  const table = (family: string, priority: number, verdict: string) =>
    `table ${family} pod { chain out { type filter hook output priority ${priority}; tcp dport 443 ${verdict}\n } }\n`;
  const [before, after] = ["drop", "accept"].map((verdict): PodRules => {
    const text = table("ip", 0, verdict) + table("inet", 1, "counter");
    return { ...nftRules(text), ip6: null, policyRouting: NO_POLICY_ROUTING };
  });
  if (before?.ip == null || after?.ip == null) throw new Error("there are no rules of IPv4");
  // The second table is the same object, as in a mutant of the first.
  const changed = {
    ...before,
    ip: { ...after.ip, tables: [...after.ip.tables.slice(0, 1), ...before.ip.tables.slice(1)] },
  };
  const spec = makePodSpec(captureOf(CONFIG), FLOWS, [], DEFAULT_ADDRESSES);
  const flows = [flowOf("app -> upstream:443"), flowOf("app -> upstream:80")];
  const ways = learnWays(before, 4, flows, spec, DEFAULT_ADDRESSES);
  expect(ways.listDoubtful(changed).map(({ flow }) => renderFlowText(flow.spec))).toEqual(["app -> upstream:443"]);
});
