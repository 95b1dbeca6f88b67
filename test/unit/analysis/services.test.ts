import { describe, expect, test } from "vitest";
import { type ClassifiedLane, classifyFlows } from "../../../harness/analysis/flows/flow-classes.ts";
import { mapFlows } from "../../../harness/analysis/map.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { renderServiceRules } from "../../bench/service-rules.ts";
import { captureOf } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";
import { rulesOf } from "../netfilter/setup.ts";

const SETTING = {
  spec: makePodSpec(captureOf(seedConfig()), [], [], DEFAULT_ADDRESSES),
  addresses: DEFAULT_ADDRESSES,
  passThrough: "absent",
} as const;
/** Diagram nodes that one service with three endpoints may cost. */
const NODES_A_SERVICE = 300;

function classify(services: number): readonly ClassifiedLane[] {
  const parsed = parseIptablesSave(renderServiceRules(services), { where: "rules", family: 4 });
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return classifyFlows({ ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING }, 4, SETTING);
}

function countClasses(lanes: readonly ClassifiedLane[], name: string): number {
  return lanes.find(({ lane }) => lane.name === name)?.classes.length ?? Number.NaN;
}

/** Nodes have rising numbers, so a new one tells how many were made. */
function countNodes([first]: readonly ClassifiedLane[]): number {
  return first?.space.diagrams.terminal("the next one") ?? Number.NaN;
}

describe("over services of kube-proxy, a service more", () => {
  const [some, twice, fourTimes] = [classify(5), classify(10), classify(20)];

  test("is three classes more of what the pod sends elsewhere, one for each endpoint", () => {
    const name = "from the pod to elsewhere";
    expect(countClasses(twice, name) - countClasses(some, name)).toBe(3 * 5);
    expect(countClasses(fourTimes, name) - countClasses(twice, name)).toBe(3 * 10);
  });
  test("is no class more of what comes from outside", () => {
    const name = "from outside to the pod";
    expect(countClasses(fourTimes, name)).toBe(countClasses(some, name));
  });
  test("costs as many diagram nodes as any other, however many there are", () => {
    const [first, second] = [countNodes(twice) - countNodes(some), countNodes(fourTimes) - countNodes(twice)];
    expect(second / first).toBeCloseTo(2, 1);
    expect(second).toBeLessThan(NODES_A_SERVICE * 10);
  });
});

describe("among flows that DNAT sends to one address", () => {
  const rules = rulesOf(["nat", "4 -A OUTPUT -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.0.2.9:80"]);
  const rows = mapFlows(rules, 4, SETTING).map(({ class: flows, kind }) => [flows, kind]);

  test("those that dial that address stay as they are", () => {
    expect(rows).toContainEqual([
      "from the pod to elsewhere: to other than 192.0.2.9, port other than 80; or to 192.0.2.9",
      "as dialled",
    ]);
    expect(rows).toContainEqual([
      "from the pod to elsewhere: to other than 192.0.2.9, port 80",
      "upstream at 192.0.2.9",
    ]);
  });
});
