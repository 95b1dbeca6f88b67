import { describe, expect, test } from "vitest";
import { startSearch } from "../../harness/analysis/exhaustive-search.ts";
import { makeMutants } from "../../harness/analysis/mutants.ts";
import { generateRules } from "../../harness/capture/dialects.ts";
import { boundaryFlows } from "../../harness/contract/boundary-flows.ts";
import { type Demands, demandedLanding } from "../../harness/contract/demanded-landing.ts";
import { makeContract } from "../../harness/meshes/istio-1.4/contract.ts";
import { makeShape } from "../../harness/meshes/istio-1.4/pod.ts";
import type { CaptureConfig } from "../../harness/model/capture-config.ts";
import { landingsAgree } from "../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { configOf } from "../unit/capture/intent-setup.ts";

const RANGES = ["10.96.0.0/16", "172.16.0.0/12"];
const CONFIGS: readonly (readonly [name: string, changes: Partial<CaptureConfig>])[] = [
  ["the seed", {}],
  [
    "TPROXY without loopback capture",
    { interceptionMode: "TPROXY", loopbackCapture: "off", outboundPortsExclude: ["8080"] },
  ],
  [
    "lists",
    {
      inboundPortsInclude: ["80", "8000:8100"],
      outboundIpRangesInclude: RANGES,
      outboundIpRangesExclude: ["10.96.8.0/24"],
      outboundPortsExclude: ["443", "9000:9010"],
    },
  ],
  [
    "virtual machines of an IPv6 pod",
    { kubevirtInterfaces: ["vm0"], podIps: ["fd00::1"], outboundIpRangesInclude: ["2001:db8::/32"] },
  ],
  ["owner lists", { proxyUid: ["1337", "0", "2000-2010"], proxyGid: ["7"] }],
];

/** Every mutant that no intended flow shows and that is not proven to land every flow alike, with a flow that it lands elsewhere. */
function findHoles(config: CaptureConfig): readonly string[] {
  const rules = generateRules(config);
  const demanding: Demands = {
    contract: makeContract(config, { 4: DEFAULT_ADDRESSES.pod[4], 6: DEFAULT_ADDRESSES.pod[6] }),
    shape: makeShape(config),
    addresses: DEFAULT_ADDRESSES,
    peers: { listen: [], upstreamPorts: [], clientPorts: [], upstreamAddresses: [] },
  };
  const flows = boundaryFlows(demanding);
  const spec = makePodSpec(
    config,
    flows.map(({ flow }) => flow),
    [],
    DEFAULT_ADDRESSES,
  );
  const demands = flows.map(({ flow, manner }) => ({
    flow,
    manner,
    demanded: demandedLanding(flow, manner, { ...demanding, peers: spec })?.landing,
  }));
  const search = startSearch(rules, spec, DEFAULT_ADDRESSES);
  return makeMutants(rules).flatMap(({ name, family, rules: broken }) => {
    const simulator = compilePod(broken, spec, DEFAULT_ADDRESSES);
    const isShown = demands.some(
      ({ flow, manner, demanded }) => demanded && !landingsAgree(demanded, simulator.land(flow, manner)),
    );
    if (isShown) return [];
    const found = search(broken, family);
    return found.kind === "alike" ? [] : [`${name}: ${found.kind === "different" ? found.flow.flow : found.why}`];
  });
}

describe("no mutant of the generated rules slips through the flows at the contract's boundaries:", () => {
  test.each(CONFIGS)("%s", (_name, changes) => {
    expect(findHoles(configOf(changes))).toEqual([]);
  });
});
