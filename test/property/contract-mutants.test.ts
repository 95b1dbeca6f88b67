import { describe, expect, test } from "vitest";
import { boundaryFlows } from "../../harness/contract/boundary-flows.ts";
import { type Demands, demandedLanding } from "../../harness/contract/demanded-landing.ts";
import type { CaptureConfig } from "../../harness/meshes/istio-1.4/config.ts";
import { makeContract } from "../../harness/meshes/istio-1.4/contract.ts";
import { makeShape } from "../../harness/meshes/istio-1.4/pod.ts";
import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import { meetsExpectation } from "../../harness/model/expectation.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { configOf } from "../unit/meshes/istio-1.4/intent-setup.ts";
import { CAPTURE_CONFIGS } from "./capture-configs.ts";
import { findHoles } from "./mutant-holes.ts";

/** Every mutant that no boundary flow shows and that is not proven to land every flow alike, with a flow that it lands elsewhere. */
function findUnshown(config: CaptureConfig): readonly string[] {
  const demanding: Demands = {
    contract: makeContract(config, { 4: DEFAULT_ADDRESSES.pod[4], 6: DEFAULT_ADDRESSES.pod[6] }),
    shape: makeShape(config),
    addresses: DEFAULT_ADDRESSES,
    peers: { listen: [], upstreamPorts: [], clientPorts: [], upstreamAddresses: [] },
  };
  const boundary = boundaryFlows(demanding);
  const spec = makePodSpec(
    demanding,
    boundary.map(({ flow }) => flow),
    [],
    DEFAULT_ADDRESSES,
  );
  const flows = boundary.map(({ flow, manner }) => ({
    flow,
    manner,
    demanded: demandedLanding(flow, manner, { ...demanding, peers: spec })?.landing ?? null,
  }));
  return findHoles({ rules: generateRules(config), spec, flows, agree: meetsExpectation });
}

describe("the flows at the contract's boundaries catch every mutant of the generated rules:", () => {
  test.each(CAPTURE_CONFIGS)("%s", (_name, changes) => {
    expect(findUnshown(configOf(changes))).toEqual([]);
  });
});
