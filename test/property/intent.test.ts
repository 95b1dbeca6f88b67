import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateRules } from "../../harness/capture/dialects.ts";
import { intendedLanding } from "../../harness/capture/intent.ts";
import { intendedFlows } from "../../harness/capture/intent-flows.ts";
import type { CaptureConfig } from "../../harness/model/capture-config.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { landingsAgree } from "../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { configOf, describeLanding, flowOf } from "../unit/capture/intent-setup.ts";
import { CONFIGS, randomFlows } from "./capture-setup.ts";

/**
 * The one thing that Istio 1.4's own rules do not do: with TPROXY they take a virtual machine's connection twice, in mangle and in nat,
 * and the kernel resets it. The config demands that it reaches the proxy.
 */
function isTakenTwice(config: CaptureConfig, { from }: Flow): boolean {
  return config.interceptionMode === "TPROXY" && from.actor === "vm";
}

/** Every flow, in both manners, whose landing under the generated rules is not the one the config demands. */
function findDifferences(config: CaptureConfig, flows: readonly Flow[]): readonly string[] {
  const spec = makePodSpec(config, flows, [], DEFAULT_ADDRESSES);
  const simulator = compilePod(generateRules(config), spec, DEFAULT_ADDRESSES);
  return flows
    .filter((flow) => !isTakenTwice(config, flow))
    .flatMap((flow) =>
      (["answer", "forward"] as const).flatMap((manner) => {
        const demanded = intendedLanding(config, flow, manner, DEFAULT_ADDRESSES, spec);
        const predicted = simulator.land(flow, manner);
        const both = `demanded ${describeLanding(demanded)}, predicted ${describeLanding(predicted)}`;
        return landingsAgree(demanded, predicted) ? [] : [`${manner} ${flow.flow}: ${both}`];
      }),
    );
}

describe("the generated rules do what the config demands", () => {
  test("at every boundary of any good config", () => {
    fc.assert(
      fc.property(CONFIGS, (config) => {
        const flows = intendedFlows(config, DEFAULT_ADDRESSES).map(({ flow }) => flow);
        expect(findDifferences(config, flows)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("between the boundaries too", () => {
    const cases = CONFIGS.chain((config) => fc.tuple(fc.constant(config), randomFlows(config)));
    fc.assert(
      fc.property(cases, ([config, texts]) => {
        const flows = texts.map((text) => flowOf(text, config));
        expect(findDifferences(config, flows)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("but for virtual machines under TPROXY, whose connections the kernel resets", () => {
    const config = configOf({ interceptionMode: "TPROXY", kubevirtInterfaces: ["vm0"] });
    const flow = flowOf("vm -> pod:8080", config);
    const spec = makePodSpec(config, [flow], [], DEFAULT_ADDRESSES);
    expect(intendedLanding(config, flow, "answer", DEFAULT_ADDRESSES, spec).listener).toBe("envoy-outbound");
    expect(compilePod(generateRules(config), spec, DEFAULT_ADDRESSES).land(flow, "answer").kind).toBe("reset");
  });
});
