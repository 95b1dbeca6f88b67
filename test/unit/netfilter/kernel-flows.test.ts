import { describe, expect, test } from "vitest";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import * as agreement from "../../agreement/compare.ts";
import { type RecordedCase, readRecordedRules, readRecording, readRequest } from "../../agreement/recorded.ts";

const { assumed, pods, cases } = readRecording();
const assumptions = new Map(Object.entries(assumed));

/** Gives each flow with where it lands, `unknown` where that depends on what is not known. */
function landAll(one: RecordedCase): readonly string[] {
  const spec = pods[one.pod];
  if (spec === undefined) throw new RangeError(`There is no pod ${one.pod}.`);
  const simulator = compilePod(readRecordedRules(one), spec, DEFAULT_ADDRESSES).assuming(assumptions);
  return one.flows.map((flow) => {
    const landing = simulator.land(readRequest(flow, spec).flow, flow.manner);
    const told = agreement.isUnknown(landing) ? "unknown" : agreement.describe(landing);
    return `${flow.flow} (${flow.manner}): ${told}`;
  });
}

describe("flows under random rules land where a kernel has landed them", () => {
  test.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const wanted = one.flows.map(
      ({ flow, manner, landed, isUnknown }) => `${flow} (${manner}): ${isUnknown ? "unknown" : landed}`,
    );
    expect(landAll(one)).toEqual(wanted);
  });
});
