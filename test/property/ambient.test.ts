import { describe, expect, test } from "vitest";
import { makeMutants } from "../../harness/analysis/mutants/mutants.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { AMBIENT_CASES, outlineOf, prepareAmbient } from "./ambient-setup.ts";
import { agreeBy, findHoles } from "./mutant-holes.ts";

const agree = agreeBy(outlineOf);

describe("the simulator lands flows under the rules of ambient mode as its contract demands:", () => {
  test.each(AMBIENT_CASES)("%s", (_, words) => {
    const { rules, spec, flows } = prepareAmbient(words, DEFAULT_ADDRESSES);
    const simulator = compilePod(rules, spec, DEFAULT_ADDRESSES);
    const demanded = flows.filter((flow) => flow.demanded !== null);
    const wrong = demanded.flatMap(({ flow, manner, demanded: landing }) => {
      const got = simulator.land(flow, manner);
      if (landing === null || agree(landing, got)) return [];
      return [`${manner} ${renderFlowText(flow.spec)}: demanded ${outlineOf(landing)}, predicted ${outlineOf(got)}`];
    });
    expect(wrong).toEqual([]);
    expect(demanded.length).toBeGreaterThan(flows.length * 0.9);
  });
});

describe("the flows at the contract's boundaries catch every mutant of ambient mode's rules:", () => {
  test.each(AMBIENT_CASES.slice(0, 4))("%s", (_, words) => {
    const { rules, spec, flows } = prepareAmbient(words, DEFAULT_ADDRESSES);
    const holes = findHoles({ rules, spec, flows, agree });
    expect(makeMutants(rules).length).toBeGreaterThan(50);
    expect(holes).toEqual([]);
  });
});
