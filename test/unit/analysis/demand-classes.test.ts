import { describe, expect, test } from "vitest";
import { classifyDemands } from "../../../harness/analysis/flows/demand-classes.ts";
import { parseIptablesSave, renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import type { CaptureConfig } from "../../../harness/meshes/istio-1.4/config.ts";
import { generateRules } from "../../../harness/meshes/istio-1.4/rules.ts";
import { parseNetwork } from "../../../harness/model/address.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import {
  deliverAll,
  lookUpMarked,
  NO_POLICY_ROUTING,
  type PolicyRouting,
} from "../../../harness/model/policy-routing.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { captureOf } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";

/** Gives the classes of the IPv4 flows of a config under its own rules, a rule put in before another one. */
function classify(
  rule: string | null = null,
  before = "-A ISTIO_OUTPUT -j ISTIO_REDIRECT",
  changes: Partial<CaptureConfig> = {},
  policyRouting: PolicyRouting = NO_POLICY_ROUTING,
) {
  const config = { ...seedConfig(), ...changes };
  const generated = generateRules(config);
  const text = generated.ip === null ? "" : renderIptablesSave(generated.ip);
  const parsed = parseIptablesSave(rule === null ? text : text.replace(before, `${rule}\n${before}`), {
    where: "",
    family: 4,
  });
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join());
  const setting = {
    spec: makePodSpec(captureOf(config), [], [], DEFAULT_ADDRESSES),
    addresses: DEFAULT_ADDRESSES,
    passThrough: "absent" as const,
    links: [],
  };
  return classifyDemands({
    rules: { ...generated, ip: parsed.value, policyRouting },
    capture: captureOf(config),
    family: 4,
    setting,
    known: [],
    concerns: () => true,
  });
}

function suspects(...words: Parameters<typeof classify>): readonly string[] {
  return classify(...words).flatMap(({ isSuspect, witness }) => (isSuspect ? [renderFlowText(witness.flow.spec)] : []));
}

describe("among the classes of flows of a config,", () => {
  test("no class lands elsewhere than demanded under the config's own rules", () => {
    expect(suspects()).toEqual([]);
  });

  test("one reveals a route that takes a network away", () => {
    const network = parseNetwork("198.51.100.0/24");
    const all = lookUpMarked(4, { value: 0, mask: 0 }, 7);
    const route = deliverAll(4, 7);
    const shown = expect.stringMatching(/-> 198\.51\.100\.0:/);
    const routings = [
      { ...NO_POLICY_ROUTING, rules: [{ ...all, fwmark: null }], routes: [{ ...route, to: network }] },
      { ...NO_POLICY_ROUTING, rules: [{ ...all, fwmark: null, to: network }], routes: [route] },
    ];
    for (const routing of routings) expect(suspects(null, undefined, {}, routing)).toContainEqual(shown);
  });

  const inbound = "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT";
  const rows: readonly (readonly [rule: string, before: string | undefined, flow: RegExp])[] = [
    ["-A ISTIO_OUTPUT -p tcp -m tcp --dport 3306 -j RETURN", undefined, /^app -> upstream:3306$/],
    ["-A ISTIO_OUTPUT -m owner --gid-owner 4711 -j RETURN", undefined, /^uid=1000,gid=4711 -> upstream:8080$/],
    ["-A ISTIO_OUTPUT -d 198.51.100.0/24 -j RETURN", undefined, /^app -> 198\.51\.100\.0:8080$/],
    ["-A ISTIO_OUTPUT -m mark --mark 0x4/0x4 -j RETURN", undefined, /^app,mark=0x4 -> upstream:8080$/],
    ["-A ISTIO_OUTPUT -m mark ! --mark 0x0 -j RETURN", undefined, /^app,mark=0x1 -> upstream:8080$/],
    ["-A ISTIO_OUTPUT -p tcp -m tcp --sport 40000 -j RETURN", undefined, /^app@:40000 -> upstream:8080$/],
    ["-A ISTIO_INBOUND -s 192.0.2.0/24 -j RETURN", inbound, /^upstream@192\.0\.2\.1 -> pod:8080$/],
  ];
  test.each(rows)("one reveals %s", (rule, before, flow) => {
    expect(suspects(rule, before)).toContainEqual(expect.stringMatching(flow));
  });

  test("classes are split at every value at which the demand changes, even if no rule names it", () => {
    const rules = classify(null, undefined, { outboundPortsExclude: ["3306"] });
    const excluded = rules.filter(
      ({ witness: { flow, lane } }) => lane.name === "from the pod to elsewhere" && flow.to.port === 3306,
    );
    expect(excluded.map(({ demanded }) => demanded?.listener)).toContain("upstream");
  });

  test("one reveals that rules leave out a setting", () => {
    const config = { ...seedConfig(), outboundIpRangesExclude: ["192.168.0.0/16"] };
    const setting = {
      spec: makePodSpec(captureOf(config), [], [], DEFAULT_ADDRESSES),
      addresses: DEFAULT_ADDRESSES,
      passThrough: "absent" as const,
      links: [],
    };
    const found = classifyDemands({
      rules: generateRules(seedConfig()),
      capture: captureOf(config),
      family: 4,
      setting,
      known: [],
      concerns: () => true,
    });
    expect(
      found.filter(({ isSuspect }) => isSuspect).map(({ witness }) => renderFlowText(witness.flow.spec)),
    ).toContainEqual("app -> 192.168.0.0:8080");
  });
});
