import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findExpectation } from "../../harness/contract/expectation.ts";
import type { CaptureConfig } from "../../harness/meshes/istio-1.4/config.ts";
import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import { isLanding } from "../../harness/model/expectation.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { landingsAgree } from "../../harness/model/landing.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { listBoundaryFlows } from "../../harness/run/scenario/bound-scenario.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { captureOf } from "../istio-pod.ts";
import { configOf, describeLanding } from "../unit/meshes/istio-1.4/intent-setup.ts";
import { driveTwice } from "./drive-twice.ts";

const CONFIGS: readonly (readonly [name: string, changes: Partial<CaptureConfig>])[] = [
  ["the seed", {}],
  [
    "TPROXY with excluded ports and loopback capture off",
    { interceptionMode: "TPROXY", loopbackCapture: "off", outboundPortsExclude: ["8080"] },
  ],
  [
    "lists of ports and networks",
    {
      inboundPortsInclude: ["80", "8000:8100"],
      outboundIpRangesInclude: ["10.96.0.0/16", "172.16.0.0/12"],
      outboundIpRangesExclude: ["10.96.8.0/24"],
      outboundPortsExclude: ["443", "9000:9010"],
    },
  ],
  ["owner lists", { proxyUid: ["1337", "0", "2000-2010"], proxyGid: ["7"] }],
  ["nothing captured", { inboundPortsInclude: [], outboundIpRangesInclude: [] }],
  [
    "an IPv6 pod with a virtual machine",
    { podIps: ["fd00::1"], kubevirtInterfaces: ["vm0"], outboundIpRangesInclude: ["10.96.0.0/16", "2001:db8::/32"] },
  ],
  ["a virtual machine and every range", { kubevirtInterfaces: ["vm0"] }],
];

describe("on the kernel, the generated rules do what the contract demands:", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = new AgentSandbox(await startNetnsWorld());
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test.each(CONFIGS)("%s", async (_name, changes) => {
    const config = configOf(changes);
    const flows = listBoundaryFlows(captureOf(config), sandbox.addresses);
    const spec = makePodSpec(
      captureOf(config),
      flows.map(({ flow }) => flow),
      [],
      sandbox.addresses,
    );
    await sandbox.enter(spec);
    await sandbox.install({ kind: "rules", rules: generateRules(config) });
    const wanted = flows.map(({ flow, manner }) =>
      findExpectation(captureOf(config), flow, manner, sandbox.addresses, spec),
    );
    const seen = await driveTwice(flows, wanted, sandbox, 32);
    await sandbox.clear();
    const wrong = flows.flatMap(({ flow, manner }, i) => {
      const demanded = wanted[i] ?? null;
      const observed = seen[i]?.landing;
      if (demanded === null || !isLanding(demanded))
        return [`${manner} ${renderFlowText(flow.spec)}: nothing is demanded`];
      if (observed && landingsAgree(demanded, observed)) return [];
      return [
        `${manner} ${renderFlowText(flow.spec)}: demanded ${describeLanding(demanded)}, observed ${observed && describeLanding(observed)}`,
      ];
    });
    expect(wrong).toEqual([]);
  });
});
