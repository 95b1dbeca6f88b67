import { expect, test } from "vitest";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { BARE_SHAPE } from "../../../harness/model/pod-shape.ts";
import { findFlowFaults } from "../../../harness/run/flow-faults.ts";
import { runScenarios } from "../../../harness/run/run.ts";
import { parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import scenario from "../../../scenarios/ambient-answers-come-back.ts";

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
