import { describe, expect, test } from "vitest";
import { diffRulesets } from "../../../harness/analysis/diff.ts";
import { findExpectation } from "../../../harness/contract/expectation.ts";
import { parseIptablesSave, renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { FAMILIES } from "../../../harness/model/address.ts";
import type { Capture } from "../../../harness/model/capture.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { BARE_SHAPE } from "../../../harness/model/pod-shape.ts";
import type { PodRules, Ruleset } from "../../../harness/model/ruleset.ts";
import type { Scenario } from "../../../harness/model/scenario.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { findFlowFaults } from "../../../harness/run/flow-faults.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { runScenarios } from "../../../harness/run/run.ts";
import { listBoundaryFlows } from "../../../harness/run/scenario/bound-scenario.ts";
import { parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import scenario from "../../../scenarios/ambient-answers-come-back.ts";
import dualStack from "../../../scenarios/istio-dual-stack.ts";
import tproxy from "../../../scenarios/istio-tproxy.ts";

const MARK = "-A ISTIO_PRERT -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff";
const RESTORE =
  "-A ISTIO_OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff";

test.each([
  ["that marks the connection", MARK],
  ["that gives the mark to the answers", RESTORE],
])("without the rule %s no answer comes back to ztunnel", async (_, rule) => {
  const broken = { ...scenario, without: [{ family: 4 as const, table: "mangle", rule }] };
  const parsed = parseScenario(broken, scenario.name);
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
  const { scenarios } = await runScenarios([parsed.value], {
    start: () => openSandbox("simulated"),
    jobs: 1,
    clock: () => performance.now(),
  });
  const landed = new Map(scenarios[0]?.flows.map(({ flow, observed }) => [flow, observed.kind]));
  expect(landed.get("ztunnel@10.244.0.3 -> pod:8080")).toBe("timed-out");
  expect(landed.get("ztunnel@[fd00:244::3] -> pod6:8080")).toBe("listener");
});

test.each([
  ["that keeps the proxy's mark", "-A OUTPUT -o lo -p tcp -m mark --mark 0x539 -j RETURN"],
  [
    "that saves the connection's mark",
    "-A PREROUTING -p tcp -m mark --mark 0x539 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
  ],
  [
    "that restores it",
    "-A OUTPUT -p tcp -m connmark --mark 0x539 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff",
  ],
])("of current Istio with TPROXY without the rule %s boundary flows fail", (_, rule) => {
  const { capture, rules } = generatedBy(tproxy);
  const broken = { ...rules, ip: rules.ip && withoutRule(rules.ip, rule) };
  const flows = ["envoy,mark=0x539@10.244.0.3 -> pod:8080 (answer)", "client -> pod:8080 (forward)"];
  expect(landBoundaryFlows(capture, rules, flows)).toEqual(["listener", "listener"]);
  expect(landBoundaryFlows(capture, broken, flows)).toEqual(["timed-out", "timed-out"]);
});

/** Gives the pod and the rules that a scenario's settings make. */
function generatedBy(given: Scenario): { readonly capture: Capture; readonly rules: PodRules } {
  const parsed = parseScenario(given, given.name);
  if (!parsed.ok || parsed.value.installation.kind === "script") throw new Error(`${given.name} has no rules`);
  return { capture: parsed.value.capture, rules: parsed.value.installation.rules };
}

/** Gives where the simulator lands some of the flows that the contract itself makes worth driving, by their texts with the manner. */
function landBoundaryFlows(capture: Capture, rules: PodRules, texts: readonly string[]): readonly string[] {
  const all = new Map(
    listBoundaryFlows(capture, DEFAULT_ADDRESSES).map((one) => [
      `${renderFlowText(one.flow.spec)} (${one.manner})`,
      one,
    ]),
  );
  return texts.map((text) => {
    const found = all.get(text);
    if (!found) throw new Error(`${text} is no boundary flow`);
    const spec = makePodSpec(capture, [found.flow], [8080], DEFAULT_ADDRESSES);
    return compilePod(rules, spec, DEFAULT_ADDRESSES).land(found.flow, found.manner).kind;
  });
}

test("where only nat has rules, the answers go to the host whose address the socket has", () => {
  const parsed = parseScenario({ ...dualStack, answer: { "app -> upstream:80": "refused" } }, dualStack.name);
  if (!parsed.ok || parsed.value.installation.kind === "script") throw new Error("the scenario has no rules");
  const { capture, installation } = parsed.value;
  const spec = makePodSpec(capture, [], [8080], DEFAULT_ADDRESSES);
  const pod = compilePod(installation.rules, spec, DEFAULT_ADDRESSES);
  for (const text of ["app,mark=0x1@10.244.0.3 -> pod:8080", "app,mark=0x1@[fd00:244::3] -> pod6:8080"]) {
    const read = parseFlowText(text, spec.shape);
    if (!read.ok) throw new Error(text);
    const flow = resolveFlow(read.value, DEFAULT_ADDRESSES, spec.shape);
    expect(pod.land(flow, "answer").kind).toBe("timed-out");
    expect(pod.explain(flow, "answer", () => "").landing.kind).toBe("timed-out");
  }
});

test("a datagram from ::6 arrives at another host, and its answer does not", () => {
  const parsed = parseScenario({ ...dualStack, answer: { "app -> upstream:80": "refused" } }, dualStack.name);
  if (!parsed.ok) throw new Error("the scenario cannot be read");
  const { capture } = parsed.value;
  const shape = capture.shape;
  const demandOf = (text: string, port: "open" | "closed") => {
    const flow = parseFlowText(text, shape);
    if (!flow.ok) throw new Error(text);
    const resolved = resolveFlow(flow.value, DEFAULT_ADDRESSES, shape);
    const spec = makePodSpec(capture, port === "open" ? [resolved] : [], [], DEFAULT_ADDRESSES);
    return findExpectation(capture, resolved, "answer", DEFAULT_ADDRESSES, spec)?.kind;
  };
  expect(demandOf("app@[::6] -> upstream6:8080/udp", "open")).toBe("unanswered");
  expect(demandOf("app@[::6] -> upstream6:7/udp", "closed")).toBe("timed-out");
});

describe("without the rule that gives the mark to the answers", () => {
  const { capture, rules } = generatedBy(scenario);
  const broken: PodRules = { ...rules, ip: rules.ip && withoutRule(rules.ip, RESTORE) };

  test("boundary flows fail in either manner", () => {
    const flows = ["ztunnel@10.244.0.3 -> pod:8080 (answer)", "client -> pod:8080 (forward)"];
    expect(landBoundaryFlows(capture, rules, flows)).toEqual(["listener", "listener"]);
    expect(landBoundaryFlows(capture, broken, flows)).toEqual(["timed-out", "timed-out"]);
  });

  test("flows land differently, and those of no other family", () => {
    const setting = {
      spec: makePodSpec(capture, [], [], DEFAULT_ADDRESSES),
      addresses: DEFAULT_ADDRESSES,
      passThrough: "absent",
    } as const;
    const changes = FAMILIES.map((family) => diffRulesets({ family, before: rules, after: broken, setting }));
    expect(changes[0]?.map(({ witness, after }) => [renderFlowText(witness.flow.spec), after.kind])).toContainEqual([
      "app,mark=0x539@10.244.0.3 -> pod:8080",
      "timed-out",
    ]);
    expect(changes[1]).toEqual([]);
  });
});

function withoutRule(ruleset: Ruleset, rule: string): Ruleset {
  const text = renderIptablesSave(ruleset);
  if (!text.includes(`${rule}\n`)) throw new Error(`there is no rule ${rule}`);
  const parsed = parseIptablesSave(text.replace(`${rule}\n`, ""), { where: "rules", family: ruleset.family });
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

test.each<readonly [string, boolean]>([
  ["app,mark=0x1@10.244.0.3 -> pod:8080", true],
  ["app@10.244.0.3 -> pod:8080", false],
  ["app,mark=0x1@10.244.0.3 -> upstream:80", false],
  ["app,mark=0x1@10.244.0.3 -> pod:53/udp", false],
])("a socket may have another host's address: %s is driven: %s", (text, isDriven) => {
  const spec = parseFlowText(text, BARE_SHAPE);
  if (!spec.ok) throw new Error(text);
  expect(findFlowFaults(spec.value, "answer", null).length).toBe(isDriven ? 0 : 1);
});
