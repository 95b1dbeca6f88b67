import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openMeeting } from "../../harness/analysis/flows/met-chains.ts";
import { FAMILIES, type Family } from "../../harness/model/address.ts";
import { type Flow, startsInPod } from "../../harness/model/flow.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import type { Hook } from "../../harness/model/hook.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../harness/model/policy-routing.ts";
import type { BaseChain, PodRules, Rule, Ruleset } from "../../harness/model/ruleset.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { captureOf } from "../istio-pod.ts";
import { seedConfig } from "../seed-config.ts";
import { flowOf, rulesOf } from "../unit/netfilter/setup.ts";
import "../fixed-seed.ts";
import { arbitraryRuleset } from "./arbitrary-ruleset.ts";
import { arbitrarySampledFlow } from "./sampled-flow.ts";

const CAPTURE = captureOf(seedConfig());
const NAT_OF_PREROUTING: BaseChain = { hook: "prerouting", type: "nat", priority: -100, policy: "ACCEPT" };
const POD = { host: "pod" } as const;

/** Says at which hooks a flow's packets meet the nat table, in both manners. */
function listNatHooks(rules: PodRules, flow: Flow): ReadonlySet<Hook> {
  const spec = makePodSpec(CAPTURE, [flow], [], DEFAULT_ADDRESSES, [rules]);
  const pod = compilePod(rules, spec, DEFAULT_ADDRESSES);
  const met = new Set<Hook>();
  const note = (hook: Hook, { table }: { readonly table: { readonly name: string } }) => {
    if (table.name === "nat") met.add(hook);
  };
  for (const manner of ["answer", "forward"] as const)
    pod.watch(flow, manner, { passOver: null, take: note, policy: note });
  return met;
}

/** Leaves out the rules that part packets from their connections. */
function keepTracked(ruleset: Ruleset): Ruleset {
  const isKept = (rule: Rule) => {
    const chains = [{ name: "C", base: null, rules: [rule] }] as unknown as Ruleset["tables"][number]["chains"];
    const alone = { ...ruleset, tables: ruleset.tables.slice(0, 1).map((table) => ({ ...table, chains })) };
    return !openMeeting([alone])(POD)(NAT_OF_PREROUTING);
  };
  const tables = ruleset.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: chain.rules.filter(isKept) })),
  }));
  return { ...ruleset, tables };
}

function toPod(ruleset: Ruleset, family: Family): PodRules {
  return {
    ip: family === 4 ? ruleset : null,
    ip6: family === 6 ? ruleset : null,
    policyRouting: NO_POLICY_ROUTING,
  };
}

test.each(FAMILIES)("no packet of what the pod dials over IPv%i meets nat chains where it comes in", (family) => {
  let asked = 0;
  const pair = arbitraryRuleset({ family, vocabulary: "whole", rulesAtMost: 3 })
    .map(keepTracked)
    .chain((ruleset) =>
      fc.tuple(fc.constant(ruleset), fc.array(arbitrarySampledFlow(family, ruleset), { minLength: 12, maxLength: 12 })),
    );
  fc.assert(
    fc.property(pair, ([ruleset, flows]) => {
      const rules = toPod(ruleset, family);
      expect(openMeeting([ruleset])(POD)(NAT_OF_PREROUTING)).toBe(false);
      for (const flow of flows.filter(startsInPod)) {
        const met = listNatHooks(rules, flow);
        asked += met.size;
        expect([renderFlowText(flow.spec), met.has("prerouting"), met.has("input")]).toEqual([
          renderFlowText(flow.spec),
          false,
          false,
        ]);
      }
    }),
    { numRuns: 15 },
  );
  expect(asked).toBeGreaterThan(0);
});

describe("where a rule parts packets from their connection", () => {
  const rules = rulesOf([
    "raw",
    "4 -A OUTPUT -p tcp -m tcp --dport 80 -j NOTRACK",
    "nat",
    "4 -A PREROUTING -p tcp -j REDIRECT --to-ports 15006",
  ]);
  const ip = rules.ip ? [rules.ip] : [];

  test("the answers meet them", () => {
    expect([...listNatHooks(rules, flowOf("app -> upstream:80"))]).toContain("prerouting");
    expect(openMeeting(ip)(POD)(NAT_OF_PREROUTING)).toBe(true);
  });
});

test("what comes from outside meets them", () => {
  const rules = rulesOf(["nat", "4 -A PREROUTING -p tcp -j REDIRECT --to-ports 15006"]);
  expect([...listNatHooks(rules, flowOf("client -> pod:80"))]).toContain("prerouting");
  expect(openMeeting(rules.ip ? [rules.ip] : [])({ host: "client" })(NAT_OF_PREROUTING)).toBe(true);
});
