import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findExpectation } from "../../harness/contract/expectation.ts";
import type { CaptureConfig } from "../../harness/meshes/istio-1.4/config.ts";
import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import { isLanding } from "../../harness/model/expectation.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { landingsAgree } from "../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { listBoundaryFlows } from "../../harness/run/scenario/bound-scenario.ts";
import { captureOf, flowOf, shapeOf } from "../istio-pod.ts";
import { countRuns, extendTimeout } from "../thoroughness.ts";
import { configOf, describeLanding } from "../unit/meshes/istio-1.4/intent-setup.ts";
import { CONFIGS, randomFlows } from "./capture-setup.ts";

const TIMEOUT_MS = extendTimeout(240_000);
/** Configs in one run. */
const RUNS = countRuns(10);

/**
 * The one thing that Istio 1.4's own rules do not do: with TPROXY they take a virtual machine's connection twice, in mangle and in nat,
 * and the kernel resets it. The documents promise that it reaches the proxy; the contract demands that it does not leave the pod.
 */
function isTakenTwice(config: CaptureConfig, { from }: Flow): boolean {
  return config.interceptionMode === "TPROXY" && from.actor === "vm";
}

/** Every flow, in both manners, whose landing under the generated rules is not the one the config demands. */
function findDifferences(config: CaptureConfig, flows: readonly Flow[]): readonly string[] {
  const spec = makePodSpec(captureOf(config), flows, [], DEFAULT_ADDRESSES);
  const simulator = compilePod(generateRules(config), spec, DEFAULT_ADDRESSES);
  return flows
    .filter((flow) => !isTakenTwice(config, flow))
    .flatMap((flow) =>
      (["answer", "forward"] as const).flatMap((manner) => {
        const demanded = findExpectation(captureOf(config), flow, manner, DEFAULT_ADDRESSES, spec);
        const predicted = simulator.land(flow, manner);
        if (demanded === null || !isLanding(demanded))
          return [`${manner} ${renderFlowText(flow.spec)}: nothing is demanded`];
        const both = `demanded ${describeLanding(demanded)}, predicted ${describeLanding(predicted)}`;
        return landingsAgree(demanded, predicted) ? [] : [`${manner} ${renderFlowText(flow.spec)}: ${both}`];
      }),
    );
}

describe("the generated rules do what the config demands", () => {
  test("at every boundary of any valid config", { timeout: TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(CONFIGS, (config) => {
        const flows = listBoundaryFlows(captureOf(config), DEFAULT_ADDRESSES).map(({ flow }) => flow);
        expect(findDifferences(config, flows)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("between the boundaries too", { timeout: TIMEOUT_MS }, () => {
    const cases = CONFIGS.chain((config) => fc.tuple(fc.constant(config), randomFlows(config)));
    fc.assert(
      fc.property(cases, ([config, texts]) => {
        const flows = texts.map((text) => flowOf(text, shapeOf(config)));
        expect(findDifferences(config, flows)).toEqual([]);
      }),
      { numRuns: 2 * RUNS },
    );
  });

  test("what virtual machines dial under TPROXY must not leave the pod, and is reset", () => {
    const config = configOf({ interceptionMode: "TPROXY", kubevirtInterfaces: ["vm0"] });
    const flow = flowOf("vm -> pod:8080", shapeOf(config));
    const spec = makePodSpec(captureOf(config), [flow], [], DEFAULT_ADDRESSES);
    expect(findExpectation(captureOf(config), flow, "answer", DEFAULT_ADDRESSES, spec)?.kind).toBe("not-leave");
    expect(compilePod(generateRules(config), spec, DEFAULT_ADDRESSES).land(flow, "answer").kind).toBe("reset");
  });
});
