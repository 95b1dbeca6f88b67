import { describe, expect, test } from "vitest";
import { startSearch } from "../../harness/analysis/exhaustive-search.ts";
import { makeMutants } from "../../harness/analysis/mutants.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { AMBIENT_CASES, markZtunnel, outlineOf, prepareAmbient } from "./ambient-setup.ts";

describe("the simulator lands flows under the rules of ambient mode as its contract demands:", () => {
  test.each(AMBIENT_CASES)("%s", (_, words) => {
    const { rules, spec, flows } = prepareAmbient(words, DEFAULT_ADDRESSES);
    const simulator = compilePod(markZtunnel(rules), spec, DEFAULT_ADDRESSES);
    const demanded = flows.filter((flow) => flow.demanded !== null);
    const wrong = demanded.flatMap(({ flow, manner, demanded: landing }) => {
      const [wanted, got] = [landing && outlineOf(landing), outlineOf(simulator.land(flow, manner))];
      return wanted === got ? [] : [`${manner} ${flow.flow}: demanded ${wanted}, predicted ${got}`];
    });
    expect(wrong).toEqual([]);
    expect(demanded.length).toBeGreaterThan(flows.length * 0.9);
  });
});

describe("no mutant of the rules of ambient mode slips through the flows at the contract's boundaries:", () => {
  test.each(AMBIENT_CASES.slice(0, 4))("%s", (_, words) => {
    const { rules, spec, flows } = prepareAmbient(words, DEFAULT_ADDRESSES);
    const search = startSearch(markZtunnel(rules), spec, DEFAULT_ADDRESSES);
    const mutants = makeMutants(rules);
    const holes = mutants.flatMap(({ name, family, rules: mutated }) => {
      const broken = markZtunnel(mutated);
      const simulator = compilePod(broken, spec, DEFAULT_ADDRESSES);
      const isShown = flows.some(
        ({ flow, manner, demanded }) =>
          demanded !== null && outlineOf(demanded) !== outlineOf(simulator.land(flow, manner)),
      );
      if (isShown) return [];
      const found = search(broken, family);
      return found.kind === "alike" ? [] : [`${name}: ${found.kind === "different" ? found.flow.flow : found.why}`];
    });
    expect(mutants.length).toBeGreaterThan(50);
    expect(holes).toEqual([]);
  });
});
