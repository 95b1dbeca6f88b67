import { describe, expect, test } from "vitest";
import { makeMutants } from "../../harness/analysis/mutants/mutants.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import type { Landing } from "../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { AMBIENT_CASES, outlineOf, prepareAmbient } from "./ambient-setup.ts";
import { findHoles } from "./mutant-holes.ts";

describe("the simulator lands flows under the rules of ambient mode as its contract demands:", () => {
  test.each(AMBIENT_CASES)("%s", (_, words) => {
    const { rules, spec, flows } = prepareAmbient(words, DEFAULT_ADDRESSES);
    const simulator = compilePod(rules, spec, DEFAULT_ADDRESSES);
    const demanded = flows.filter((flow) => flow.demanded !== null);
    const wrong = demanded.flatMap(({ flow, manner, demanded: landing }) => {
      const [wanted, got] = [landing && outlineOf(landing), outlineOf(simulator.land(flow, manner))];
      return wanted === got ? [] : [`${manner} ${renderFlowText(flow.spec)}: demanded ${wanted}, predicted ${got}`];
    });
    expect(wrong).toEqual([]);
    expect(demanded.length).toBeGreaterThan(flows.length * 0.9);
  });
});

describe("no mutant of the rules of ambient mode slips through the flows at the contract's boundaries:", () => {
  test.each(AMBIENT_CASES.slice(0, 4))("%s", (_, words) => {
    const { rules, spec, flows } = prepareAmbient(words, DEFAULT_ADDRESSES);
    const agree = (demanded: Landing, landed: Landing) => outlineOf(demanded) === outlineOf(landed);
    const holes = findHoles({ rules, spec, flows, agree });
    expect(makeMutants(rules).length).toBeGreaterThan(50);
    expect(holes).toEqual([]);
  });
});
