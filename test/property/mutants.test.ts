import { describe, expect, test } from "vitest";
import { generateRules } from "../../harness/capture/dialects.ts";
import { intendedLanding } from "../../harness/capture/intent.ts";
import { intendedFlows } from "../../harness/capture/intent-flows.ts";
import type { CaptureConfig } from "../../harness/model/capture-config.ts";
import { landingsAgree } from "../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { configOf } from "../unit/capture/intent-setup.ts";
import { CAPTURE_CONFIGS } from "./capture-configs.ts";
import { findHoles } from "./mutant-holes.ts";

/** Every mutant that no intended flow shows and that is not proven to land every flow alike, with a flow that it lands elsewhere. */
function findUnshown(config: CaptureConfig): readonly string[] {
  const intended = intendedFlows(config, DEFAULT_ADDRESSES);
  const spec = makePodSpec(
    config,
    intended.map(({ flow }) => flow),
    [],
    DEFAULT_ADDRESSES,
  );
  const flows = intended.map(({ flow, manner }) => ({
    flow,
    manner,
    demanded: intendedLanding(config, flow, manner, DEFAULT_ADDRESSES, spec),
  }));
  return findHoles({ rules: generateRules(config), spec, flows, agree: landingsAgree });
}

describe("no mutant of the generated rules slips through the intended flows:", () => {
  test.each(CAPTURE_CONFIGS)("%s", (_name, changes) => {
    expect(findUnshown(configOf(changes))).toEqual([]);
  });
});
