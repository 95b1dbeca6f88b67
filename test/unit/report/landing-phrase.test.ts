import { expect, test } from "vitest";
import { type Hop, makeLanding } from "../../../harness/model/landing.ts";
import { describeLanding } from "../../../harness/report/landing-phrase.ts";

const hop = (listener: Hop["listener"], originalDestination: string | null = null): Hop => ({
  listener,
  port: 15006,
  originalDestination,
});

function check(hops: readonly Hop[], expected: string): void {
  expect(describeLanding(makeLanding("loop", { hops }))).toBe(expected);
}

test("a loop is described by its hops, with equal neighbours counted", () => {
  const inbound = hop("envoy-inbound", "10.244.0.2:8080");
  check(Array(8).fill(inbound), "loop envoy-inbound, dialled 10.244.0.2:8080 (8 times)");
  const outbound = hop("envoy-outbound", "10.244.0.2:8080");
  check(
    [inbound, outbound, outbound],
    "loop envoy-inbound, dialled 10.244.0.2:8080; envoy-outbound, dialled 10.244.0.2:8080 (2 times)",
  );
  check([inbound, hop("envoy-inbound")], "loop envoy-inbound, dialled 10.244.0.2:8080; envoy-inbound");
  check([], "loop");
});
