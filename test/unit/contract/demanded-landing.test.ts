import { expect, test } from "vitest";
import { findExpectation } from "../../../harness/contract/expectation.ts";
import { findMesh } from "../../../harness/meshes/meshes.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_RULES } from "../../../harness/model/ruleset.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { bindInjected } from "../../injected.ts";
import { flowOf } from "../../istio-pod.ts";

const DUAL_STACK = ["--dual-stack", "-u", "1337", "-b", "*", "-i", "*"];

/** Nothing comes back to a loopback address from another host. */
test.each([
  ["app@[::6] -> upstream6:8080/udp", "unanswered"],
  ["app@[::6] -> client6:8080/udp", "unanswered"],
  ["app@[::6] -> upstream6:9/udp", "timed-out"],
  ["envoy@[::6] -> upstream6:8080", "timed-out"],
])("%s is %s, as is demanded and predicted", (text, kind) => {
  const mesh = findMesh("istio");
  if (!mesh) throw new Error("there is no mesh istio");
  const capture = bindInjected({ ...mesh, injected: { ...mesh.injected, words: DUAL_STACK } }, 6);
  const flow = flowOf(text, capture.shape);
  const udp = { app: [], upstream: [8080], client: [8080] };
  const spec = { ...makePodSpec(capture, [flow], [], DEFAULT_ADDRESSES), upstreamPorts: [8080], udp };
  const demanded = findExpectation(capture, flow, "answer", DEFAULT_ADDRESSES, spec);
  const predicted = compilePod(capture.generated ?? NO_RULES, spec, DEFAULT_ADDRESSES).land(flow, "answer");
  expect([demanded?.kind, predicted.kind]).toEqual([kind, kind]);
});
