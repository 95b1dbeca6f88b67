import { describe, expect, test } from "vitest";
import { intendedLanding } from "../../../harness/capture/intent.ts";
import { intendedFlows } from "../../../harness/capture/intent-flows.ts";
import { SCENARIO_FOLDER } from "../../../harness/cli/verify-scenarios.ts";
import { demandedLanding } from "../../../harness/contract/demanded-landing.ts";
import { makeContract } from "../../../harness/meshes/istio-1.4/contract.ts";
import { makeShape } from "../../../harness/meshes/istio-1.4/pod.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { parseScenario } from "../../../harness/run/parsed-scenario.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { listScenarioFiles, loadScenarioFiles } from "../../../harness/run/scenario-files.ts";

const loaded = await loadScenarioFiles(listScenarioFiles(SCENARIO_FOLDER));
if (!loaded.ok) throw new Error(JSON.stringify(loaded.findings, null, 2));
const configs = loaded.value.map(({ file, scenario }) => {
  const parsed = parseScenario(scenario, file);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings, null, 2));
  return [scenario.name, parsed.value.config] as const;
});

describe("the contract demands what intent demands", () => {
  test.each(configs)("of %s", (_, config) => {
    const flows = intendedFlows(config, DEFAULT_ADDRESSES);
    const spec = makePodSpec(
      config,
      flows.map(({ flow }) => flow),
      [],
      DEFAULT_ADDRESSES,
    );
    const demands = {
      contract: makeContract(config, { 4: DEFAULT_ADDRESSES.pod[4], 6: DEFAULT_ADDRESSES.pod[6] }),
      shape: makeShape(config),
      addresses: DEFAULT_ADDRESSES,
      peers: spec,
    };
    for (const { flow, manner } of flows) {
      const old = intendedLanding(config, flow, manner, DEFAULT_ADDRESSES, spec);
      expect([flow.flow, manner, demandedLanding(flow, manner, demands)?.landing]).toEqual([flow.flow, manner, old]);
    }
  });
});
