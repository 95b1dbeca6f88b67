import { expect, test } from "vitest";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { type Landing, makeLanding } from "../../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { writeExpectation } from "../../../harness/run/scenario/witness-expectation.ts";
import { captureOf, SHAPE } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";

function land(listener: "app" | "envoy-inbound", fields: Partial<Landing> = {}): Landing {
  const port = listener === "app" ? 8080 : 15006;
  return makeLanding("listener", { host: "pod", listener, port, source: "10.244.0.3:0", ...fields });
}

const [DIALLED, REFUSED] = [{ originalDestination: "10.244.0.2:8080" }, makeLanding("refused")];

test.each([
  ["is as short as tells the rules apart", land("envoy-inbound", DIALLED), REFUSED, "envoy-inbound:15006"],
  [
    "names the source if only the source differs",
    land("app"),
    land("app", { source: "10.9.9.9:0" }),
    "app:8080 from 10.244.0.3",
  ],
  ["says that a flow was redirected to where it was going", land("app", DIALLED), land("app"), "app:8080 redirected"],
  [
    "says both",
    land("app", DIALLED),
    land("app", { ...DIALLED, source: "10.9.9.9:0" }),
    "app:8080 redirected from 10.244.0.3",
  ],
  ["is one word for a flow that reaches no listener", REFUSED, land("app"), "refused"],
])("what is demanded of a witness %s", (_, before, after, expected) => {
  const [config, addresses] = [seedConfig(), DEFAULT_ADDRESSES];
  const parsed = parseFlowText("client -> pod:8080", SHAPE);
  if (!parsed.ok) throw new TypeError("no flow");
  const flow = resolveFlow(parsed.value, addresses, SHAPE);
  const spec = makePodSpec(captureOf(config), [flow], [], addresses);
  expect(writeExpectation(flow, before, after, { spec }, addresses)).toBe(expected);
});
