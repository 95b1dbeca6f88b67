import { describe, expect, test } from "vitest";
import { diffRulesets } from "../../../harness/analysis/diff.ts";
import { findExpectation } from "../../../harness/contract/expectation.ts";
import { parseIptablesSave, renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { FAMILIES } from "../../../harness/model/address.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { BARE_SHAPE } from "../../../harness/model/pod-shape.ts";
import type { PodRules, Ruleset } from "../../../harness/model/ruleset.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { findFlowFaults } from "../../../harness/run/flow-faults.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { runScenarios } from "../../../harness/run/run.ts";
import { type ParsedScenario, parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
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
])("of current Istio with TPROXY without the rule %s boundary flows fail", async (_, rule) => {
  const broken = { ...tproxy, without: [{ family: 4 as const, table: "mangle", rule }] };
  const parsed = parseScenario(broken, tproxy.name);
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
  const { scenarios } = await runScenarios([{ ...parsed.value, flows: "boundaries" }], {
    start: () => openSandbox("simulated"),
    jobs: 1,
    clock: () => performance.now(),
  });
  const failed = scenarios[0]?.flows.filter(({ verdict }) => verdict === "wrong") ?? [];
  expect(failed.map(({ flow, manner }) => `${flow} (${manner})`)).toEqual(
    expect.arrayContaining(["envoy,mark=0x539@10.244.0.3 -> pod:8080 (answer)", "client -> pod:8080 (forward)"]),
  );
});

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
  const parsed = parseScenario({ ...scenario, answer: { "app -> upstream:80": "refused" } }, scenario.name);
  if (!parsed.ok || parsed.value.installation.kind === "script") throw new Error("no rules");
  const { rules } = parsed.value.installation;
  const broken: PodRules = { ...rules, ip: rules.ip && withoutRestore(rules.ip) };

  test("some boundary flow fails in either manner", async () => {
    const judged: ParsedScenario = {
      ...parsed.value,
      flows: "boundaries",
      installation: { kind: "rules", rules: broken },
    };
    const { scenarios } = await runScenarios([judged], {
      start: () => openSandbox("simulated"),
      jobs: 1,
      clock: () => performance.now(),
    });
    const failed = scenarios[0]?.flows.filter(({ verdict }) => verdict === "wrong") ?? [];
    expect(failed.map(({ flow, manner }) => `${flow} (${manner})`)).toEqual(
      expect.arrayContaining(["ztunnel@10.244.0.3 -> pod:8080 (answer)", "client -> pod:8080 (forward)"]),
    );
    expect(failed.filter(({ flow }) => flow.includes("pod6"))).toEqual([]);
  });

  test("flows land differently, and those of no other family", () => {
    const { capture: pod } = parsed.value;
    const setting = {
      spec: makePodSpec(pod, [], [], DEFAULT_ADDRESSES),
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

function withoutRestore(ruleset: Ruleset): Ruleset {
  const text = renderIptablesSave(ruleset).replace(`${RESTORE}\n`, "");
  const parsed = parseIptablesSave(text, { where: "rules", family: ruleset.family });
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
